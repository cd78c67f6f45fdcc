import { Socket } from 'node:net';
import { encodeStreamItem } from '../contract/access-unit-wire.ts';
import type { StreamItem } from '../contract/access-unit.ts';

/** Bytes that may wait for the API process; beyond it access units are dropped up to the next key frame. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** The job's side of the pipe of encoded data. */
export class StreamPipe {
  readonly #socket: Socket;
  readonly #requestKeyframe: () => void;
  #skipsToKeyframe = false;
  #dropped = 0;

  /** @param fd file descriptor the API process opened for this process */
  constructor(fd: number, requestKeyframe: () => void) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    // The API process is gone: the closed IPC channel ends this process, see job-channel.ts.
    this.#socket.on('error', () => undefined);
    this.#requestKeyframe = requestKeyframe;
  }

  /** Access units given up because the API process did not read. */
  get dropped(): number {
    return this.#dropped;
  }

  write(item: StreamItem): void {
    if (item.kind === 'access-unit') {
      if (item.unit.isKeyframe && this.#socket.writableLength < MAX_WAITING_BYTES) this.#skipsToKeyframe = false;
      if (this.#socket.writableLength >= MAX_WAITING_BYTES && !this.#skipsToKeyframe) {
        this.#skipsToKeyframe = true;
        this.#requestKeyframe();
      }
      if (this.#skipsToKeyframe) {
        this.#dropped += 1;
        return;
      }
    }
    this.#socket.write(encodeStreamItem(item));
  }

  close(): void {
    this.#socket.end();
  }
}
