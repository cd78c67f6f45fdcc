/** Plays one stream by WebRTC (WHEP). */

import { request } from './api.js';
import { iceServersOf } from './ice-servers.js';

/** Without a packet for this long the connection is made anew; a still comes five times a second. */
const SILENCE_MS = 1200;
/** The same without a picture although packets come: on a bad line the next key frame is sooner than a new connection. */
const NO_PICTURE_MS = 4500;
/** Time for the peers to find each other, by UDP, TCP or a TURN server … */
const CONNECT_MS = 8000;
/** … and then for the first picture: a key frame. */
const FIRST_PICTURE_MS = 6000;

/** There is no way for WebRTC from here: the browser offers no H.264, or no packet comes through. */
export class NoWebRtcError extends Error {}

export class WhepPlayer {
  #path;
  #video;
  #onState;
  #peer;
  #resource;
  #lastFrames = 0;
  #lastChangeMs = 0;
  #hasPicture = false;
  #statsBefore;

  /** @param onState called with `connecting`, `playing` or a text that says what is wrong */
  constructor(path, video, onState) {
    this.#path = path;
    this.#video = video;
    this.#onState = onState;
  }

  /**
   * Plays until the stream breaks.
   * @returns true when there was a picture
   * @throws NoWebRtcError when another way is to be taken, Error when the server refuses
   */
  async play() {
    this.#hasPicture = false;
    try {
      await this.#connect();
      await this.#watch();
    } finally {
      this.leave();
    }
    return this.#hasPicture;
  }

  async #connect() {
    if (!('RTCPeerConnection' in globalThis)) throw new NoWebRtcError('this browser has no WebRTC');
    const peer = new RTCPeerConnection({ iceServers: await this.#iceServers(), bundlePolicy: 'max-bundle' });
    this.#peer = peer;
    peer.addTransceiver('video', { direction: 'recvonly' });
    peer.addEventListener('track', ({ track, receiver }) => {
      // The picture is shown as it comes: a live view wants no buffer.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      this.#video.srcObject = new MediaStream([track]);
      this.#video.play().catch(() => undefined);
    });
    await peer.setLocalDescription();
    if (!/^a=rtpmap:\d+ H264\//im.test(peer.localDescription.sdp))
      throw new NoWebRtcError('this browser plays no H.264 by WebRTC');
    const answer = await request(`/whep/${this.#path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: peer.localDescription.sdp,
    });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(
        answer.status === 404
          ? 'waiting for the panorama …'
          : (problem.detail ?? `the server answered ${answer.status}`),
      );
    }
    this.#resource = answer.headers.get('location');
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  }

  /** Servers that help out of this network, when the server names any. */
  async #iceServers() {
    const answer = await request(`/whep/${this.#path}`, { method: 'OPTIONS' }).catch(() => undefined);
    return iceServersOf(answer?.headers.get('link') ?? '');
  }

  /** Resolves when the stream has broken. */
  async #watch() {
    this.#lastFrames = this.#frames();
    const startMs = performance.now();
    this.#lastChangeMs = startMs;
    let packets = 0;
    let packetMs = startMs;
    while (!['failed', 'closed'].includes(this.#peer.connectionState)) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const frames = this.#frames();
      const nowMs = performance.now();
      if (this.#peer.connectionState !== 'connected' && !this.#hasPicture) {
        if (nowMs - startMs > CONNECT_MS) break;
        this.#lastChangeMs = nowMs;
        continue;
      }
      if (frames !== this.#lastFrames) {
        this.#lastFrames = frames;
        this.#lastChangeMs = nowMs;
        if (!this.#hasPicture) this.#onState('playing');
        this.#hasPicture = true;
      }
      const received = await this.#packets();
      if (received !== packets) packetMs = nowMs;
      packets = received;
      // A page in the background is not given pictures; that is no break.
      if (document.hidden) this.#lastChangeMs = nowMs;
      if (nowMs - this.#lastChangeMs > (this.#hasPicture ? NO_PICTURE_MS : FIRST_PICTURE_MS)) break;
      if (this.#hasPicture && Math.min(nowMs - packetMs, nowMs - this.#lastChangeMs) > SILENCE_MS) break;
    }
    if (!this.#hasPicture && this.#peer.connectionState !== 'connected')
      throw new NoWebRtcError('no connection by WebRTC comes about');
    this.#onState('the picture has stopped, connecting again …');
  }

  async #packets() {
    const entries = [...(await this.#peer.getStats()).values()];
    return entries.find((entry) => entry.type === 'inbound-rtp')?.packetsReceived ?? 0;
  }

  #frames() {
    return this.#video.getVideoPlaybackQuality().totalVideoFrames;
  }

  /** Figures of the last second, or undefined before there are any. */
  async figures() {
    const report = await this.#peer?.getStats();
    const entries = [...(report?.values() ?? [])];
    const stats = entries.find((entry) => entry.type === 'inbound-rtp');
    if (stats === undefined) return undefined;
    const before = this.#statsBefore ?? stats;
    this.#statsBefore = stats;
    const delta = (name) => (stats[name] ?? 0) - (before[name] ?? 0);
    const pair = entries.find((entry) => entry.type === 'candidate-pair' && entry.nominated);
    const seconds = (stats.timestamp - before.timestamp) / 1000;
    const emitted = delta('jitterBufferEmittedCount');
    return {
      fps: seconds > 0 ? delta('framesDecoded') / seconds : (stats.framesPerSecond ?? 0),
      bufferMs: emitted > 0 ? (1000 * delta('jitterBufferDelay')) / emitted : 0,
      lost: Math.max(0, stats.packetsLost ?? 0),
      resent: stats.retransmittedPacketsReceived ?? 0,
      transport: report.get(pair?.localCandidateId)?.protocol,
    };
  }

  /** Ends the session; said at once, or the server would keep it until it notices the silence. */
  leave() {
    this.#peer?.close();
    if (this.#resource) request(this.#resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
    this.#resource = undefined;
    this.#statsBefore = undefined;
  }
}
