import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, type ProgramResult } from './run-program.ts';

/** The only address of the server that the viewer can reach. */
export const PUBLIC_ADDRESS = '203.0.113.7';
const SERVER_ADDRESS = '10.77.1.2';

/** Ports that the router forwards to the server. */
export interface ForwardedPorts {
  readonly http: number;
  readonly media: number;
}

/**
 * What the router does with the viewers' media: loses a part of it, blocks UDP, lets nothing pass to the port for media, so
 * that only TURN is left, or nothing to TURN either.
 */
export type Weather = { readonly lossPercent: number } | 'udp-blocked' | 'only-turn' | 'only-http';

/**
 * Three network namespaces: a server behind a router that forwards ports, a viewer behind address translation, and the
 * router. Server and viewer have no route to each other.
 */
export class NatNetwork {
  readonly #names: { readonly server: string; readonly router: string; readonly viewer: string };
  readonly #folder: string;
  readonly #ports: ForwardedPorts;

  private constructor(
    names: { server: string; router: string; viewer: string },
    folder: string,
    ports: ForwardedPorts,
  ) {
    this.#names = names;
    this.#folder = folder;
    this.#ports = ports;
  }

  /** @throws Error that says what is missing when this machine cannot have such namespaces */
  static async create(ports: ForwardedPorts): Promise<NatNetwork> {
    const word = `sl${process.pid}`;
    const names = { server: `${word}s`, router: `${word}r`, viewer: `${word}v` };
    const network = new NatNetwork(names, await mkdtemp(join(tmpdir(), 'seamline-nat-')), ports);
    try {
      await network.#build();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** Words in front of a command that make it run beside the server or the viewer. */
  inside(where: 'server' | 'router' | 'viewer'): readonly [command: string, ...args: string[]] {
    return ['ip', 'netns', 'exec', this.#names[where]];
  }

  /** Runs a program beside the server or the viewer to its end. */
  run(where: 'server' | 'viewer', command: string, ...args: string[]): Promise<ProgramResult> {
    const [ip, ...rest] = this.inside(where);
    return runProgram(ip, [...rest, command, ...args]);
  }

  /** A program that runs another one beside the viewer, for launchers that take a path alone. */
  async viewerProgram(path: string): Promise<string> {
    const file = join(this.#folder, 'beside-the-viewer');
    await writeFile(file, `#!/bin/sh\nexec ${this.inside('viewer').join(' ')} ${path} "$@"\n`);
    await chmod(file, 0o755);
    return file;
  }

  /** Changes the way between server and viewer from now on. */
  async setWeather(weather: Weather): Promise<void> {
    const { media } = this.#ports;
    const rule =
      weather === 'udp-blocked'
        ? 'meta l4proto udp drop'
        : weather === 'only-turn' || weather === 'only-http'
          ? `meta l4proto { tcp, udp } th dport ${media} drop`
          : `ip saddr ${SERVER_ADDRESS} udp sport ${media} numgen random mod 100 < ${weather.lossPercent} drop`;
    await this.#nft(`flush chain ip way weather; add rule ip way weather ${rule}; flush chain ip way turn`);
    if (weather === 'only-http') await this.#nft('add rule ip way turn meta l4proto { tcp, udp } th dport 3478 drop');
  }

  /** Removes everything. Safe to call twice. */
  async close(): Promise<void> {
    for (const name of Object.values(this.#names)) await runProgram('ip', ['netns', 'del', name]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const { server, router, viewer } = this.#names;
    for (const name of [server, router, viewer]) {
      await this.#ip(`netns add ${name}`);
      await this.#ip(`-n ${name} link set lo up`);
    }
    for (const [name, side, address, gateway] of [
      [server, 's', `${SERVER_ADDRESS}/24`, '10.77.1.1'],
      [viewer, 'v', '192.168.77.2/24', '192.168.77.1'],
    ] as const) {
      await this.#ip(`-n ${name} link add up0 type veth peer name ${side} netns ${router}`);
      await this.#ip(`-n ${name} addr add ${address} dev up0`);
      await this.#ip(`-n ${name} link set up0 up`);
      await this.#ip(`-n ${router} addr add ${gateway}/24 dev ${side}`);
      await this.#ip(`-n ${router} link set ${side} up`);
      await this.#ip(`-n ${name} route add default via ${gateway}`);
    }
    await this.#ip(`-n ${router} addr add ${PUBLIC_ADDRESS}/32 dev lo`);
    await must('ip', ['netns', 'exec', router, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
    const { http, media } = this.#ports;
    await this.#nft(`
      add table ip way
      add chain ip way in { type nat hook prerouting priority -100; }
      add rule ip way in ip daddr ${PUBLIC_ADDRESS} tcp dport { ${http}, ${media} } dnat to ${SERVER_ADDRESS}
      add rule ip way in ip daddr ${PUBLIC_ADDRESS} udp dport ${media} dnat to ${SERVER_ADDRESS}
      add chain ip way out { type nat hook postrouting priority 100; }
      add rule ip way out oifname "s" ip saddr 192.168.77.0/24 masquerade
      add chain ip way weather
      add chain ip way turn
      add chain ip way here { type filter hook input priority 0; }
      add rule ip way here jump turn
      add chain ip way pass { type filter hook forward priority 0; policy drop; }
      add rule ip way pass jump weather
      add rule ip way pass ct status dnat accept
      add rule ip way pass ct state established accept`);
  }

  #ip(words: string): Promise<void> {
    return must('ip', words.split(' '));
  }

  #nft(ruleset: string): Promise<void> {
    return must('ip', ['netns', 'exec', this.#names.router, 'nft', ruleset]);
  }
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram(command, args);
  if (exitCode === 0) return;
  throw new Error(
    `network namespaces with NAT cannot be made here (they need root or CAP_SYS_ADMIN and CAP_NET_ADMIN, iproute2, ` +
      `nftables and a kernel with veth and nf_nat): ${command} ${args.join(' ')}: ${stderr.trim()}`,
  );
}
