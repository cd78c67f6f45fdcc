import { Inject, Injectable } from '@nestjs/common';
import { SeamlineError } from '../../common/seamline-error.ts';
import { AppConfig } from '../../config/config.schema.ts';
import { parseProbeResult, type ProbeRequest, type ProbeResult } from '../../contract/probe-messages.ts';
import { LOGGER, type Logger } from '../../logging/logger.ts';
import { ServerPorts } from '../../net/server-ports.ts';
import { SourcePolicy } from '../../net/source-policy.ts';
import { spawnChild, type OwnedChild } from '../../process/child.ts';
import { checkSource } from '../dto/to-job-spec.ts';
import type { ProbeDto } from '../dto/stitch.dto.ts';
import { ffmpegPath } from '../pipeline-settings.ts';

/** Injection token of the program that probes. */
export const PROBE_ENTRY = Symbol('probe entry');

/** Probes at the same time; each runs a decoder. */
const MAX_PROBES = 4;
/** Longest wait for a picture, ms. */
const TIMEOUT_MS = 15_000;
/** What starting and ending the process takes at most beside it, ms. */
const PROCESS_MARGIN_MS = 8000;
const MAX_RESULT_BYTES = 2 * 1024 * 1024;

/** Looks at one camera in a process of its own, which is gone when the answer is given. */
@Injectable()
export class ProbeService {
  readonly #config: AppConfig;
  readonly #ports: ServerPorts;
  readonly #logger: Logger;
  readonly #entry: string;
  readonly #children = new Set<OwnedChild>();

  constructor(
    @Inject(AppConfig) config: AppConfig,
    @Inject(ServerPorts) ports: ServerPorts,
    @Inject(LOGGER) logger: Logger,
    @Inject(PROBE_ENTRY) entry: string,
  ) {
    this.#config = config;
    this.#ports = ports;
    this.#logger = logger;
    this.#entry = entry;
  }

  /** @throws SeamlineError `invalid-request`, `too-many-requests`, `ffmpeg-missing`, `timeout` */
  async probe(dto: ProbeDto): Promise<ProbeResult> {
    const { network, jobs } = this.#config;
    const rules = { allow: network.sourceNetworks, ownPorts: this.#ports.own };
    checkSource(dto.url, 'url', new SourcePolicy(rules));
    if (this.#children.size >= MAX_PROBES) {
      throw new SeamlineError('too-many-requests', `at most ${MAX_PROBES} cameras are probed at the same time`);
    }
    return this.#run({
      url: dto.url,
      transport: dto.transport ?? jobs.defaults.transport,
      ingest: dto.ingest ?? jobs.defaults.ingest,
      connectTimeoutMs: Math.min(jobs.connectTimeoutMs, TIMEOUT_MS / 2),
      timeoutMs: TIMEOUT_MS,
      ffmpegPath: ffmpegPath(this.#config),
      sourcePolicy: rules,
    });
  }

  /** Ends the probes that run. Safe to call twice. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop(500)));
  }

  async #run(request: ProbeRequest): Promise<ProbeResult> {
    const child = spawnChild({ command: process.execPath, args: [this.#entry] });
    this.#children.add(child);
    const late = setTimeout(() => child.kill(), request.timeoutMs + PROCESS_MARGIN_MS);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_RESULT_BYTES) child.kill();
    });
    child.stdin.end(JSON.stringify(request));
    const exit = await child.exited;
    clearTimeout(late);
    this.#children.delete(child);
    const result = parseProbeResult(output);
    if (result !== undefined) return result;
    this.#logger.error('probe process gave no answer', { ...exit });
    throw new SeamlineError('timeout', 'the probe gave no answer; the log of the server says more');
  }
}
