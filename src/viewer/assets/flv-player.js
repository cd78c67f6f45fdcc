/** Plays one stream by HTTP-FLV through Media Source Extensions, for browsers and networks without a way for WebRTC. */

import { authorization, request } from './api.js';

/** Without a new picture for this long the stream is asked for anew. */
const NO_PICTURE_MS = 4500;
/** Time for the first picture: the player's script, and a key frame. */
const FIRST_PICTURE_MS = 12_000;
/** What TCP delivers late is made up for by playing a little faster. */
const LIVE = {
  isLive: true,
  enableWorker: false,
  enableStashBuffer: false,
  lazyLoad: false,
  autoCleanupSourceBuffer: true,
  liveSync: true,
  liveSyncMaxLatency: 0.8,
  liveSyncTargetLatency: 0.4,
  liveSyncPlaybackRate: 1.15,
  liveBufferLatencyChasing: true,
  liveBufferLatencyMaxLatency: 3,
  liveBufferLatencyMinRemain: 0.4,
};

let library;

/** mpegts.js, fetched when it is needed for the first time. */
function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = '/assets/mpegts.js';
    script.addEventListener('load', () => resolve(globalThis.mpegts));
    script.addEventListener('error', () => {
      library = undefined;
      reject(new Error('the player for HTTP-FLV could not be loaded'));
    });
    document.head.append(script);
  });
  return library;
}

export class FlvPlayer {
  #path;
  #video;
  #onState;
  #player;
  #hasPicture = false;
  #before;

  /** @param onState called with `connecting`, `playing` or a text that says what is wrong */
  constructor(path, video, onState) {
    this.#path = path;
    this.#video = video;
    this.#onState = onState;
  }

  /** True when this browser can play H.264 that a script hands to it. */
  static get isPossible() {
    const source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
    return source?.isTypeSupported('video/mp4; codecs="avc1.42e01f"') === true;
  }

  /**
   * Plays until the stream breaks.
   * @returns true when there was a picture
   * @throws Error when the server refuses
   */
  async play() {
    this.#hasPicture = false;
    const url = `/live/${this.#path}.flv`;
    const answer = await request(url, { method: 'HEAD' });
    if (!answer.ok)
      throw new Error(answer.status === 404 ? 'waiting for the panorama …' : `the server answered ${answer.status}`);
    const { createPlayer, Events, LoggingControl } = await loadLibrary();
    LoggingControl.enableAll = false;
    this.#video.srcObject = null;
    const source = { type: 'flv', isLive: true, hasAudio: false, hasVideo: true, url };
    this.#player = createPlayer(source, { ...LIVE, headers: authorization() });
    let isOver = false;
    for (const event of [Events.ERROR, Events.LOADING_COMPLETE]) this.#player.on(event, () => (isOver = true));
    try {
      this.#player.attachMediaElement(this.#video);
      this.#player.load();
      this.#video.play().catch(() => undefined);
      await this.#watch(() => isOver);
    } finally {
      this.leave();
    }
    return this.#hasPicture;
  }

  /** Resolves when the stream has broken. */
  async #watch(isOver) {
    let frames = this.#frames();
    let changeMs = performance.now();
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const nowMs = performance.now();
      if (this.#frames() !== frames) {
        frames = this.#frames();
        changeMs = nowMs;
        if (!this.#hasPicture) this.#onState('playing');
        this.#hasPicture = true;
      }
      // A page in the background is not given pictures; that is no break.
      if (document.hidden) changeMs = nowMs;
      if (nowMs - changeMs > (this.#hasPicture ? NO_PICTURE_MS : FIRST_PICTURE_MS)) break;
    }
    this.#onState('the picture has stopped, connecting again …');
  }

  #frames() {
    return this.#video.getVideoPlaybackQuality().totalVideoFrames;
  }

  /** Figures since the last call, or undefined before there are any. */
  figures() {
    if (this.#player === undefined || !this.#hasPicture) return undefined;
    const now = { frames: this.#frames(), ms: performance.now() };
    const before = this.#before ?? now;
    this.#before = now;
    const { buffered, currentTime } = this.#video;
    const endS = buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1);
    const seconds = (now.ms - before.ms) / 1000;
    return {
      fps: seconds > 0 ? (now.frames - before.frames) / seconds : 0,
      bufferMs: 1000 * Math.max(0, endS - currentTime),
      lost: 0,
      resent: 0,
      transport: 'HTTP-FLV',
    };
  }

  /** Ends the session. */
  leave() {
    this.#player?.destroy();
    this.#player = undefined;
    this.#before = undefined;
  }
}
