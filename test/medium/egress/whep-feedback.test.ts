import {
  GenericNack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtcpTransportLayerFeedback,
  type RTCRtpTransceiver,
  useH264,
} from 'werift';
import { afterEach, describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../src/common/clock.ts';
import { StreamRegistry } from '../../../src/egress/stream-registry.ts';
import { WebRtcServer } from '../../../src/egress/webrtc/server.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { aFormat, anAccessUnit } from '../../helpers/access-units.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A server with one stream, and a viewer, who sends and counts what the test wants. */
async function aViewer() {
  const clock = new SteppedClock(1e9);
  const registry = new StreamRegistry(clock);
  const requests: number[] = [];
  const hub = registry.open('live', () => void requests.push(clock.nowUs()));
  hub.publish({ kind: 'format', format: aFormat() });
  const server = new WebRtcServer({ host: '127.0.0.1', port: 0, registry, clock, log: silentLogger, maxSessions: 1 });
  await server.listen();
  closers.push(() => server.close());
  const viewer = new RTCPeerConnection({
    codecs: {
      video: [useH264(), new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000 })],
    },
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
  });
  closers.push(() => viewer.close());
  const transceiver: RTCRtpTransceiver = viewer.addTransceiver('video', { direction: 'recvonly' });
  const sequences: number[] = [];
  viewer.onTrack.subscribe(
    (track) => void track.onReceiveRtp.subscribe(({ header }) => void sequences.push(header.sequenceNumber)),
  );
  await viewer.setLocalDescription(await viewer.createOffer());
  const { sdp } = await server.answer('live', viewer.localDescription!.sdp, '127.0.0.1');
  await viewer.setRemoteDescription({ type: 'answer', sdp });
  await expect.poll(() => hub.readers).toBe(1);
  let frame = 0;
  const publish = (isKeyframe: boolean): void => {
    hub.publish({ kind: 'access-unit', unit: anAccessUnit(frame, isKeyframe, 3000) });
    frame += 1;
    clock.advance(40_000);
  };
  publish(true);
  await expect.poll(() => sequences.length).toBeGreaterThan(2);
  const offer = viewer.localDescription!.sdp;
  return { clock, requests, transceiver, publish, sequences, server, offer };
}

/** Resolves with how many there are when no more come. */
async function settled(list: readonly unknown[]): Promise<number> {
  for (let length = -1; list.length > length;) {
    ({ length } = list);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return list.length;
}

describe('a viewer who lost packets', () => {
  it('gets a key frame when he asks for one, and at most one a second', async () => {
    const { clock, requests, transceiver } = await aViewer();
    const [ssrc] = [...transceiver.receiver.tracks].map((track) => track.ssrc!);
    const before = requests.length;
    clock.advance(1_100_000);

    await transceiver.receiver.sendRtcpPLI(ssrc!);
    await expect.poll(() => requests.length).toBe(before + 1);
    await transceiver.receiver.sendRtcpPLI(ssrc!);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(requests.length).toBe(before + 1);
    clock.advance(1_100_000);
    await transceiver.receiver.sendRtcpPLI(ssrc!);

    await expect.poll(() => requests.length).toBe(before + 2);
  });
});

describe('a viewer who misses packets of a burst', () => {
  it('gets them again although hundreds have followed, and nothing that he was never sent', async () => {
    const { transceiver, publish, sequences } = await aViewer();
    const first = sequences[0]!;
    for (let frame = 0; frame < 100; frame += 1) {
      publish(frame % 50 === 0);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const length = await settled(sequences);
    expect(length).toBeGreaterThan(200);
    const { receiver } = transceiver;

    const lost = [first, (first + 1) & 0xffff, (first + 30_000) & 0xffff];
    const feedback = new GenericNack({ mediaSourceSsrc: receiver.tracks[0]!.ssrc!, senderSsrc: 1, lost });
    await receiver.dtlsTransport.sendRtcp([new RtcpTransportLayerFeedback({ feedback })]);

    await expect.poll(() => sequences.length).toBe(length + 2);
    expect(sequences.slice(length)).toEqual(lost.slice(0, 2));
  });
});

describe('a viewer who comes when the server is full', () => {
  it('is told to try again later, and the first one stays', async () => {
    const { server, offer, publish, sequences } = await aViewer();

    await expect(server.answer('live', offer, '127.0.0.1')).rejects.toMatchObject({ type: 'too-many-requests' });

    const before = sequences.length;
    publish(true);
    await expect.poll(() => sequences.length).toBeGreaterThan(before);
    expect(server.sessions).toBe(1);
  });
});
