import { backoffMs } from '../common/backoff.ts';
import type { Clock } from '../common/clock.ts';
import { ServiceTime } from '../common/service-time.ts';
import type { AccessUnit, StageTimes, StreamItem } from '../contract/access-unit.ts';
import { i420Bytes } from '../contract/pixels.ts';
import { FlvReader, parseAvcTag } from '../media/flv/flv-reader.ts';
import type { Logger } from '../logging/logger.ts';
import { spawnChild, type OwnedChild } from '../process/child.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { type EncoderSettings, encoderArguments } from './encoder-args.ts';
import { ivfFileHeader, ivfFrameHeader } from './ivf.ts';
import { pictureNals } from './picture-nals.ts';

/** Pictures that may wait for ffmpeg; the next one is dropped, so that delay never grows. */
const MAX_WAITING = 2;
/** None is handed over that would come out later than this, unless nothing is before it. */
const MAX_DELAY_US = 500_000;

/** Key frames are asked for at most this often … */
const KEYFRAME_MIN_GAP_US = 500_000;
/** … and made at least this often (architecture.md, section 0). */
const KEYFRAME_MAX_GAP_US = 2_000_000;

/** ffmpeg is replaced when a picture has not come out after this long; a busy machine needs a while to start it. */
const STALL_US = 5_000_000;
const STALL_AT_START_US = 20_000_000;

/** A picture on its way through ffmpeg; one goes in, one comes out, in order. */
interface Pending {
  readonly ptsTicks: number;
  readonly times: Omit<StageTimes, 'encodedUs'>;
  readonly writtenUs: number;
}

/** What an encoder needs. */
export interface H264EncoderOptions {
  readonly settings: EncoderSettings;
  readonly ffmpeg: FfmpegInfo;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onItem: (item: StreamItem) => void;
  readonly log: Logger;
}

/** One supervised ffmpeg that turns panoramas into access units; restarted with pauses when it dies or stalls. */
export class H264Encoder {
  readonly #options: H264EncoderOptions;
  #child: OwnedChild | undefined;
  #pending: Pending[] = [];
  #service = new ServiceTime();
  #waiting = 0;
  #dropped = 0;
  #restarts = 0;
  #attempt = 0;
  #keyframeWanted = false;
  #isForced = false;
  #lastKeyframeUs = -Infinity;
  #lastPtsTicks = -2;
  #formatKey = '';
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: H264EncoderOptions) {
    this.#options = options;
  }

  /** Pictures given up because ffmpeg was busy or away. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Pictures that went in and have not come out. */
  get pending(): number {
    return this.#pending.length;
  }

  /** How often ffmpeg had to be replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts ffmpeg; do it before the first panorama is ready, since it takes about half a second. */
  start(): void {
    const { settings, ffmpeg, log } = this.#options;
    const child = spawnChild({ command: ffmpeg.path, args: encoderArguments(settings, ffmpeg) });
    this.#child = child;
    this.#pending = [];
    this.#service = new ServiceTime();
    this.#waiting = 0;
    this.#lastKeyframeUs = -Infinity;
    child.stdin.write(ivfFileHeader(settings.size));
    const reader = new FlvReader();
    child.stdout.on('data', (chunk: Uint8Array) => {
      for (const tag of reader.push(chunk)) if (tag.type === 9) this.#onVideoTag(tag.body);
    });
    void child.exited.then((exit) => {
      if (this.#child !== child || this.#isClosed) return;
      this.#child = undefined;
      const pauseMs = backoffMs(this.#attempt, this.#options.random);
      this.#attempt += 1;
      this.#restarts += 1;
      log.warn('encoder ended, restarting', {
        stage: 'encode',
        exitCode: exit.exitCode,
        signal: exit.signal,
        pauseMs,
        stderrTail: exit.stderrTail,
      });
      this.#restartTimer = setTimeout(() => this.start(), pauseMs);
    });
  }

  /**
   * Hands one panorama to ffmpeg.
   * @param bytes I420 of the encoder's size; not read after `done` was called
   * @param ptsTicks 90 kHz, larger than the one before
   * @param done called once, when the bytes are no longer needed
   * @returns false when the picture was dropped
   */
  write(bytes: Uint8Array, ptsTicks: number, times: Omit<StageTimes, 'encodedUs'>, done: () => void): boolean {
    const { settings, clock } = this.#options;
    if (bytes.length !== i420Bytes(settings.size))
      throw new RangeError('the panorama does not have the encoder’s size');
    const nowUs = clock.nowUs();
    this.#replaceWhenStalled(nowUs);
    const child = this.#child;
    if (child === undefined || this.#waiting >= MAX_WAITING || this.#isBehind(nowUs)) {
      this.#dropped += 1;
      done();
      return false;
    }
    const isKeyframe = this.#decideKeyframe(nowUs);
    const evenTicks = Math.max(this.#lastPtsTicks + 2, ptsTicks - (ptsTicks % 2));
    this.#lastPtsTicks = evenTicks;
    this.#pending.push({ ptsTicks: evenTicks, times, writtenUs: nowUs });
    this.#service.begin(nowUs);
    this.#waiting += 1;
    // The very first time must be even: ffmpeg counts `t` of its key frame expression from it.
    const isFirst = this.#lastKeyframeUs === -Infinity;
    if (isKeyframe) this.#lastKeyframeUs = nowUs;
    child.stdin.write(ivfFrameHeader(bytes.length, isKeyframe && !isFirst ? evenTicks + 1 : evenTicks));
    child.stdin.write(bytes, () => {
      if (this.#child === child) this.#waiting -= 1;
      done();
    });
    return true;
  }

  /** Makes one of the next pictures a key frame, at most one per half second. */
  requestKeyframe(): void {
    this.#keyframeWanted = true;
  }

  /** Makes the next picture a key frame, whenever the last one was. */
  forceKeyframe(): void {
    this.#keyframeWanted = true;
    this.#isForced = true;
  }

  #decideKeyframe(nowUs: number): boolean {
    const gapUs = nowUs - this.#lastKeyframeUs;
    const isKeyframe =
      gapUs >= KEYFRAME_MAX_GAP_US || (this.#keyframeWanted && (this.#isForced || gapUs >= KEYFRAME_MIN_GAP_US));
    if (isKeyframe) this.#keyframeWanted = this.#isForced = false;
    return isKeyframe;
  }

  /** What is inside ffmpeg cannot be taken back. */
  #isBehind(nowUs: number): boolean {
    const before = this.#pending.length;
    return before > 0 && this.#service.hasStarted && this.#service.estimateOfUs(before + 1, nowUs) > MAX_DELAY_US;
  }

  #replaceWhenStalled(nowUs: number): void {
    const oldest = this.#pending[0];
    const stallUs = this.#service.hasStarted ? STALL_US : STALL_AT_START_US;
    if (oldest !== undefined && nowUs - oldest.writtenUs > stallUs) this.#child?.kill();
  }

  #onVideoTag(body: Uint8Array): void {
    const tag = parseAvcTag(body);
    if (tag === undefined) return;
    if (tag.kind === 'configuration') {
      this.#announceFormat(tag.sps, tag.pps);
      return;
    }
    const pending = this.#pending.shift();
    if (pending === undefined) throw new Error('the encoder gave more pictures than it got');
    this.#attempt = 0;
    const nowUs = this.#options.clock.nowUs();
    this.#service.end(nowUs, this.#pending.length === 0);
    const unit: AccessUnit = {
      data: pictureNals(tag.data),
      ptsTicks: pending.ptsTicks,
      isKeyframe: tag.isKeyframe,
      times: { ...pending.times, encodedUs: nowUs },
    };
    this.#options.onItem({ kind: 'access-unit', unit });
  }

  #announceFormat(sps: Uint8Array, pps: Uint8Array): void {
    const key = `${sps.join()}/${pps.join()}`;
    if (key === this.#formatKey) return;
    this.#formatKey = key;
    const { size, fps } = this.#options.settings;
    this.#options.onItem({ kind: 'format', format: { codec: 'h264', sps, pps, ...size, fps } });
  }

  /** Ends ffmpeg; what is inside is lost. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.stdin.end();
    await child.stop();
  }
}
