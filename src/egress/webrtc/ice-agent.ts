import { Candidate, candidateFoundation, candidatePriority, Event, type Message, type RTCPeerConnection } from 'werift';
import type { MediaLink } from './media-links.ts';
import type { MediaPort } from './media-port.ts';

type Address = readonly [host: string, port: number];

/**
 * More than this waiting, and a viewer is skipped to a later key frame. Over TCP it is his alone; over UDP it is what waits
 * for all, where a key frame for many viewers at once is no reason to skip.
 */
const MAX_QUEUED_BYTES = { tcp: 512 * 1024, udp: 16 * 1024 * 1024 } as const;

/** Addresses of one viewer that answers are sent to. */
const MAX_LINKS = 32;

/**
 * The two members of werift's ICE agent that its types hide and that a shared port needs: where protocols are kept, and what
 * listens to them. werift's version is pinned; test/medium/egress/webrtc-port.test.ts fails when they change.
 */
interface HiddenAgent {
  readonly protocols: unknown[];
  ensureProtocol(protocol: unknown): void;
  readonly localUsername: string;
  readonly localPassword: string;
}

/** The packets of one viewer's ICE agent, which werift would send by a socket of its own for each session and address. */
export class SharedPortProtocol {
  readonly type = 'stun';
  readonly onRequestReceived = new Event<[Message, Address, Buffer]>();
  readonly onDataReceived = new Event<[Buffer]>();
  readonly localCandidate: Candidate;
  /** Ways back to the addresses that checks came from. */
  readonly #links = new Map<string, MediaLink>();
  readonly #unregister: () => void;
  #selected: MediaLink | undefined;

  private constructor(port: MediaPort, agent: HiddenAgent) {
    // The answer's candidates are written by offer.ts; this one only has to be there.
    this.localCandidate = new Candidate(
      candidateFoundation('host', 'udp', '0.0.0.0'),
      1,
      'udp',
      candidatePriority('host', { transport: 'udp' }),
      '0.0.0.0',
      port.port,
      'host',
    );
    this.#unregister = port.register({
      username: agent.localUsername,
      password: agent.localPassword,
      onCheck: (message, link, data) => this.#onCheck(message, link, data),
      onPacket: (data) => this.onDataReceived.execute(data),
    });
    agent.ensureProtocol(this);
    agent.protocols.push(this);
  }

  /**
   * Lets a connection that has a remote description and no local one speak over the shared port.
   * The protocol is closed with the connection.
   */
  static attach(connection: RTCPeerConnection, port: MediaPort): SharedPortProtocol {
    const [transport] = connection.iceTransports;
    if (transport === undefined) throw new TypeError('the connection has no ICE transport yet');
    return new SharedPortProtocol(port, transport.connection as unknown as HiddenAgent);
  }

  /** True while too much waits to be sent. */
  get isFull(): boolean {
    return this.#selected !== undefined && this.#selected.queuedBytes > MAX_QUEUED_BYTES[this.#selected.transport];
  }

  /** How the viewer is reached, once he has chosen. */
  get transport(): 'udp' | 'tcp' | undefined {
    return this.#selected?.transport;
  }

  async sendStun(message: Message, [host, port]: Address): Promise<void> {
    this.#links.get(`${host} ${port}`)?.send(message.bytes);
  }

  /** The agent keeps to the first pair that was nominated; the viewer may choose anew at any time, and he is followed. */
  async sendData(data: Buffer): Promise<void> {
    this.#selected?.send(data);
  }

  request(): Promise<never> {
    return Promise.reject(new TypeError('an ICE-lite agent sends no checks'));
  }

  async connectionMade(): Promise<void> {
    // The shared port is open already.
  }

  async close(): Promise<void> {
    this.#unregister();
    this.#links.clear();
    this.#selected = undefined;
    this.onRequestReceived.complete();
    this.onDataReceived.complete();
  }

  #onCheck(message: Message, link: MediaLink, data: Buffer): void {
    const key = `${link.host} ${link.port}`;
    this.#links.delete(key);
    this.#links.set(key, link);
    const [oldest] = this.#links.keys();
    if (this.#links.size > MAX_LINKS && oldest !== undefined) this.#links.delete(oldest);
    if (message.attributesKeys.includes('USE-CANDIDATE')) this.#selected = link;
    this.onRequestReceived.execute(message, [link.host, link.port], data);
  }
}
