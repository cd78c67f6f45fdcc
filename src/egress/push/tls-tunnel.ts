import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { connectPush, type PushSocketOptions } from './push-socket.ts';

/** How long what was written last may take to leave for the server. */
const LAST_BYTES_MS = 500;

/**
 * A port of loopback that takes one connection and carries it to a server over TLS. ffmpeg would look up the name of an
 * `rtmps` address by itself and might find another address than the one that was checked.
 */
export class TlsTunnel {
  readonly #server: Server;
  readonly #remote: Socket;
  #carried: Promise<void> | undefined;

  private constructor(server: Server, remote: Socket) {
    this.#server = server;
    this.#remote = remote;
    // One connection is all that there is; the next one would speak into the first.
    server.once('connection', (local) => {
      server.close();
      this.#carried = carry(local, remote);
    });
    remote.once('close', () => server.close());
  }

  /** Connects, checks the certificate for the name in the address, and listens. @throws SeamlineError `output-rejected` */
  static async open(options: PushSocketOptions): Promise<TlsTunnel> {
    const remote = await connectPush(options);
    // Half open, so that the last bytes of a client that has left still go through.
    const server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true });
    server.maxConnections = 1;
    server.listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      remote.destroy();
      throw error;
    }
    return new TlsTunnel(server, remote);
  }

  /** Port of 127.0.0.1 to connect to. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Ends the connection once the last bytes of a client that has left are written. Safe to call twice. */
  async close(): Promise<void> {
    this.#server.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_BYTES_MS);
    });
    await Promise.race([this.#carried, late]);
    clearTimeout(timer);
    this.#remote.destroy();
  }
}

/**
 * Both directions, with what one side cannot take yet waiting in the other. The end of one is the end of both.
 * @returns resolves when everything of the client is written, or cannot be
 */
function carry(local: Socket, remote: Socket): Promise<void> {
  const end = (): void => {
    local.destroy();
    remote.destroy();
  };
  void pipeline(remote, local).then(end, end);
  return pipeline(local, remote).catch(end);
}
