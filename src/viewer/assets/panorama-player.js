/**
 * Plays one stream for as long as the page is open: by WebRTC, or by HTTP-FLV where there is no way for that. When
 * HTTP-FLV breaks WebRTC is tried again, as a way may have opened.
 */

import { FlvPlayer } from './flv-player.js';
import { NoWebRtcError, WhepPlayer } from './whep-player.js';

/** Pauses before a new connection: hardly any after a picture, so that a break is short; longer when nothing comes. */
const RETRY_MS = 100;
const IDLE_RETRY_MS = 700;

export class PanoramaPlayer {
  #whep;
  #flv;
  #playing;
  #onState;

  /** @param onState called with `playing` or a text that says what is wrong */
  constructor(path, video, onState) {
    this.#onState = onState;
    this.#whep = new WhepPlayer(path, video, onState);
    this.#flv = new FlvPlayer(path, video, onState);
    this.#playing = this.#whep;
  }

  async run() {
    addEventListener('pagehide', () => this.#playing.leave());
    for (;;) {
      const hadPicture = await this.#play();
      await new Promise((resolve) => setTimeout(resolve, hadPicture ? RETRY_MS : IDLE_RETRY_MS));
    }
  }

  /** One connection. @returns true when the next one may follow at once */
  async #play() {
    try {
      return await this.#playing.play();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!(error instanceof NoWebRtcError)) {
        this.#onState(reason);
      } else if (FlvPlayer.isPossible) {
        this.#onState(`${reason}; trying HTTP-FLV …`);
        return this.#playByFlv();
      } else {
        this.#onState(`${reason}, and no H.264 from a script; the addresses for players work everywhere`);
      }
      return false;
    }
  }

  async #playByFlv() {
    this.#playing = this.#flv;
    try {
      return await this.#flv.play();
    } catch (error) {
      this.#onState(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      this.#playing = this.#whep;
    }
  }

  /** Figures of the last second, or undefined before there are any. */
  async figures() {
    return this.#playing.figures();
  }
}
