/** Plays one stream by WebRTC (WHEP) and comes back by itself when it breaks. */

import { request } from './api.js';
import { iceServersOf } from './ice-servers.js';

/** Without a packet for this long the connection is made anew; a still comes five times a second. */
const SILENCE_MS = 1200;
/** The same without a picture although packets come: on a bad line the next key frame is sooner than a new connection. */
const NO_PICTURE_MS = 4500;
/** Time for the first picture after connecting: peer set-up and a key frame. */
const FIRST_PICTURE_MS = 6000;
/** Pauses before a new connection: hardly any after a picture, so that a break is short; longer when nothing comes. */
const RETRY_MS = 100;
const IDLE_RETRY_MS = 700;

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

  /** Plays for as long as the page is open. */
  async run() {
    // Said at once, or the server would keep the session until it notices the silence.
    addEventListener('pagehide', () => this.#leave());
    for (;;) {
      this.#hasPicture = false;
      try {
        await this.#connect();
        await this.#watch();
      } catch (error) {
        this.#onState(error instanceof Error ? error.message : String(error));
      }
      this.#leave();
      await new Promise((resolve) => setTimeout(resolve, this.#hasPicture ? RETRY_MS : IDLE_RETRY_MS));
    }
  }

  async #connect() {
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
    this.#lastChangeMs = performance.now();
    let packets = 0;
    let packetMs = this.#lastChangeMs;
    while (!['failed', 'closed'].includes(this.#peer.connectionState)) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const frames = this.#frames();
      const nowMs = performance.now();
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

  #leave() {
    this.#peer?.close();
    if (this.#resource) request(this.#resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
    this.#resource = undefined;
    this.#statsBefore = undefined;
  }
}
