import type { Clock } from '../common/clock.ts';
import type { CameraIndex } from '../contract/pixels.ts';
import { AccessUnitAssembler, type CodedPicture } from '../media/access-unit-assembler.ts';
import { H264Depacketizer } from '../media/rtp/h264-depacketizer.ts';
import { H265Depacketizer } from '../media/rtp/h265-depacketizer.ts';
import { parseRtp, sequenceDistance, type RtpPacket } from '../media/rtp/packet.ts';
import { ReorderBuffer } from '../media/rtp/reorder-buffer.ts';
import { compoundRtcp, parseRtcp, writeReceiverReport, writeSourceDescription } from '../media/rtp/rtcp.ts';
import { codecRules } from '../media/video-codec.ts';
import { CaptureClock, type PictureTime } from './capture-clock.ts';
import type { NtpAgreement } from './ntp-agreement.ts';
import type { VideoTrack } from './video-track.ts';

/** A coded picture with its times. */
export interface TimedPicture extends CodedPicture, PictureTime {
  /** When its last packet came, µs of the job's clock. */
  readonly arrivalUs: number;
}

/** What a receiver is made of. */
export interface TrackReceiverOptions {
  readonly camera: CameraIndex;
  readonly track: VideoTrack;
  /** Packets may come in the wrong order. */
  readonly isUdp: boolean;
  readonly clock: Clock;
  /** Wall clock of this machine, µs since 1970. */
  readonly wallClockUs: () => number;
  readonly agreement: NtpAgreement;
  readonly onPicture: (picture: TimedPicture) => void;
}

const CNAME = 'seamline';

/** Turns the RTP and RTCP packets of one track into coded pictures with capture times. */
export class TrackReceiver {
  readonly #options: TrackReceiverOptions;
  readonly #depacketizer: H264Depacketizer | H265Depacketizer;
  readonly #ssrcOfOurs = Math.floor(Math.random() * 2 ** 32);
  #assembler: AccessUnitAssembler;
  #reorder: ReorderBuffer | undefined;
  #captureClock: CaptureClock;
  #ssrc: number | undefined;
  #lastSequence: number | undefined;
  #cycles = 0;
  #packets = 0;
  #lost = 0;
  #senderReport: { readonly middle: number; readonly atUs: number } | undefined;

  constructor(options: TrackReceiverOptions) {
    this.#options = options;
    this.#depacketizer = options.track.codec === 'h264' ? new H264Depacketizer() : new H265Depacketizer();
    this.#assembler = new AccessUnitAssembler(codecRules(options.track.codec));
    this.#reorder = options.isUdp ? new ReorderBuffer() : undefined;
    this.#captureClock = new CaptureClock(options.track.clockRate);
  }

  /** Packets of the track since the start. */
  get packets(): number {
    return this.#packets;
  }

  /** Packets that are missing in the sequence. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes an RTP packet; those of other payload types are ignored. */
  pushRtp(data: Uint8Array): void {
    const packet = parseRtp(data);
    if (packet === undefined || packet.payloadType !== this.#options.track.payloadType) return;
    if (packet.ssrc !== this.#ssrc) this.#begin(packet.ssrc);
    this.#packets += 1;
    const nowUs = this.#options.clock.nowUs();
    for (const next of this.#reorder?.push(packet, nowUs) ?? [packet]) this.#take(next, nowUs);
  }

  /** Takes an RTCP packet. */
  pushRtcp(data: Uint8Array): void {
    for (const packet of parseRtcp(data)) {
      if (packet.kind !== 'sender-report' || packet.ssrc !== this.#ssrc) continue;
      const nowUs = this.#options.clock.nowUs();
      this.#senderReport = { middle: packet.ntpMiddle, atUs: nowUs };
      const wallAsJobUs = packet.wallUs - this.#options.wallClockUs() + nowUs;
      const isPlausible = packet.wallUs > 0 && this.#captureClock.noteSenderReport(packet.rtpTimestamp, wallAsJobUs);
      this.#options.agreement.report(this.#options.camera, isPlausible);
    }
  }

  /** A receiver report with our name: what cameras take as a sign that somebody still watches. */
  receiverReport(): Uint8Array {
    const report = this.#senderReport;
    const sinceUs = report === undefined ? 0 : this.#options.clock.nowUs() - report.atUs;
    const block = {
      ssrc: this.#ssrc ?? 0,
      fractionLost: 0,
      lost: Math.min(this.#lost, 0x7f_ffff),
      highestSequence: this.#cycles * 0x1_0000 + (this.#lastSequence ?? 0),
      jitter: 0,
      lastSenderReport: report?.middle ?? 0,
      delay: Math.round((sinceUs * 65_536) / 1e6),
    };
    return compoundRtcp(
      writeReceiverReport(this.#ssrcOfOurs, this.#ssrc === undefined ? [] : [block]),
      writeSourceDescription(this.#ssrcOfOurs, CNAME),
    );
  }

  /** A new source under the same payload type: the camera has restarted its stream. */
  #begin(ssrc: number): void {
    this.#ssrc = ssrc;
    this.#lastSequence = undefined;
    this.#depacketizer.reset();
    this.#assembler = new AccessUnitAssembler(codecRules(this.#options.track.codec));
    if (this.#reorder !== undefined) this.#reorder = new ReorderBuffer();
  }

  #take(packet: RtpPacket, nowUs: number): void {
    const missing = this.#lastSequence === undefined ? 0 : sequenceDistance(packet.sequence, this.#lastSequence) - 1;
    if (this.#lastSequence !== undefined && packet.sequence < this.#lastSequence && missing >= 0) this.#cycles += 1;
    this.#lastSequence = packet.sequence;
    if (missing !== 0) {
      this.#lost += Math.max(0, missing);
      this.#depacketizer.reset();
    }
    const nals = this.#depacketizer.push(packet.payload);
    for (const picture of this.#assembler.push(nals, packet.timestamp, packet.marker, missing !== 0)) {
      const usesWallClock = this.#options.agreement.isReached;
      const time = this.#captureClock.note(picture.timestamp, nowUs, usesWallClock);
      this.#options.onPicture({ ...picture, ...time, arrivalUs: nowUs });
    }
  }
}
