import { isHost, networkOf } from './network.ts';
import { flag, sections, text, texts, whole } from './setting.ts';

const HOST = /^[A-Za-z0-9.:_-]{1,253}$/;
const HOST_WORDS = 'must be a host name or an address without brackets';
const TOKEN = /^[\x21-\x7e]{16,512}$/;
const TOKEN_WORDS = 'must have 16 to 512 printable characters without spaces';
const NETWORK = /^(loopback|private|public|[0-9a-fA-F.:]+(\/\d{1,3})?)$/;
const NETWORK_WORDS = 'must be loopback, private, public, an address, or a network such as 192.168.0.0/16';
const KINDS: readonly string[] = ['loopback', 'private', 'public'];
const isNetwork = (text: string): boolean => KINDS.includes(text) || networkOf(text) !== undefined;

/** The HTTP server: API, pages, HTTP-FLV and WHEP. */
export class HttpConfig {
  @text(HOST, HOST_WORDS, isHost)
  readonly host: string = '0.0.0.0';

  /** 0 takes any free port (tests). */
  @whole(0, 65_535)
  readonly port: number = 5000;

  @whole(1024, 16 * 1024 * 1024)
  readonly bodyLimitBytes: number = 1024 * 1024;

  @whole(1, 100_000)
  readonly maxConnections: number = 1000;

  /** State-changing calls of one address per minute. */
  @whole(1, 100_000)
  readonly maxChangesPerMinute: number = 120;

  /** Wrong tokens of one address per minute before it is told to wait. */
  @whole(1, 10_000)
  readonly maxRefusalsPerMinute: number = 20;

  /** Longest time for a request to arrive whole, ms. */
  @whole(1000, 600_000)
  readonly requestTimeoutMs: number = 15_000;

  /** Addresses or networks of proxies whose X-Forwarded-For is believed. */
  @texts(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'must be an address or a network such as 10.0.0.0/8', 64, isNetwork)
  readonly trustProxy: readonly string[] = [];

  /** Other web origins that may send state-changing calls. */
  @texts(/^https?:\/\/[^/\s]+$/, 'must be an origin such as https://example.org, without a path')
  readonly allowedOrigins: readonly string[] = [];
}

/** Who may do what. */
export class AccessConfig {
  /** true: everybody may start and stop jobs without a token. */
  @flag()
  readonly open: boolean = false;

  @texts(TOKEN, TOKEN_WORDS)
  readonly adminTokens: readonly string[] = [];

  /** File with further admin tokens, one a line; empty = none. */
  @text()
  readonly adminTokenFile: string = '';

  /** When there is one, reading and playing need it too, by every protocol. */
  @texts(TOKEN, TOKEN_WORDS)
  readonly viewerTokens: readonly string[] = [];

  @text()
  readonly viewerTokenFile: string = '';
}

/** Names of this server and addresses it may talk to. */
export class NetworkConfig {
  /** Names and addresses under which this machine is reached besides those of its interfaces. */
  @texts(HOST, HOST_WORDS, 64, isHost)
  readonly publicHosts: readonly string[] = [];

  /** Where cameras may be. */
  @texts(NETWORK, NETWORK_WORDS, 64, isNetwork)
  readonly sourceNetworks: readonly string[] = ['loopback', 'private', 'public'];

  /** Where pushes may go. */
  @texts(NETWORK, NETWORK_WORDS, 64, isNetwork)
  readonly pushNetworks: readonly string[] = ['loopback', 'private', 'public'];
}

/** One reader of the RTSP server. */
export class RtspUserConfig {
  @text(/^[^\s":\\]{1,64}$/u, 'must have 1 to 64 characters without spaces, quotes and colons')
  readonly name: string = '';

  @text(/^[^\p{Cc}"\\]{0,256}$/u, 'must have at most 256 characters without quotes and backslashes')
  readonly password: string = '';

  /** File that holds the password; used when `password` is empty. */
  @text()
  readonly passwordFile: string = '';
}

/** The RTSP server that players read from. */
export class RtspConfig {
  @text(HOST, HOST_WORDS, isHost)
  readonly host: string = '0.0.0.0';

  @whole(0, 65_535)
  readonly port: number = 8554;

  /** Even UDP port that RTP leaves from; RTCP has the next one. 0 takes any free pair. */
  @whole(0, 65_534)
  readonly udpPort: number = 0;

  /** When there is one, readers log in by Digest; so they do with viewer tokens, which are passwords here. */
  @sections(RtspUserConfig)
  readonly users: readonly RtspUserConfig[] = [];

  @whole(1, 10_000)
  readonly maxSessions: number = 200;

  /** A UDP session without a sign of life for this long is removed, ms. */
  @whole(5000, 600_000)
  readonly sessionTimeoutMs: number = 60_000;
}

/** A STUN or TURN server that the viewer page is told of. */
export class IceServerConfig {
  @text(/^(stun|stuns|turn|turns):[^\s]{1,255}$/, 'must start with stun:, stuns:, turn: or turns:')
  readonly url: string = '';

  @text()
  readonly username: string = '';

  @text()
  readonly credential: string = '';

  /** File that holds the credential; used when `credential` is empty. */
  @text()
  readonly credentialFile: string = '';
}

/** Play by WebRTC (WHEP). */
export class WebRtcConfig {
  @text(HOST, HOST_WORDS, isHost)
  readonly host: string = '0.0.0.0';

  /** UDP and TCP port for the media of all viewers; 0 takes any free one. */
  @whole(0, 65_535)
  readonly port: number = 8189;

  @sections(IceServerConfig, 8)
  readonly iceServers: readonly IceServerConfig[] = [];

  @whole(1, 1000)
  readonly maxSessions: number = 50;
}
