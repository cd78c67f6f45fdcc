import { EventEmitter } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import { monotonicClock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { projectPath } from '../config/config.loader.ts';
import { AppConfig } from '../config/config.schema.ts';
import type { JobSpec } from '../contract/job-spec.ts';
import { EgressService } from '../egress/egress.service.ts';
import { StreamRegistry } from '../egress/stream-registry.ts';
import { LOGGER, type Logger } from '../logging/logger.ts';
import { OwnHosts } from '../net/own-hosts.ts';
import { ServerPorts } from '../net/server-ports.ts';
import { SourcePolicy } from '../net/source-policy.ts';
import type { ChangeStitchDto, CreateStitchDto } from './dto/stitch.dto.ts';
import { toChange } from './dto/to-change.ts';
import { toJobSpec } from './dto/to-job-spec.ts';
import { NEW_ID } from './job-id.ts';
import { JobOutput } from './job-output.ts';
import { JobRegistry, leastLoaded, type Job } from './job-registry.ts';
import { JobSupervisor } from './job-supervisor.ts';
import type { JobFacts } from './job-view.ts';
import { pipelineSettings } from './pipeline-settings.ts';
import { StateFile } from './state-file.ts';
import { StateLock } from './state-lock.ts';
import { RUNNER, type JobQuestion, type Runner } from './runner/runner.ts';

/** Emitted with the id of a job whose state or figures changed, or that is gone. */
type JobEvents = { change: [id: string] };

/** Starts, shows, changes and stops jobs: the policy behind the HTTP routes. */
@Injectable()
export class JobsService {
  /** Bounded by what listens: each open event stream is one listener. */
  readonly events = new EventEmitter<JobEvents>({ captureRejections: false }).setMaxListeners(0);
  readonly #config: AppConfig;
  readonly #logger: Logger;
  readonly #runner: Runner;
  readonly #streams: StreamRegistry;
  readonly #egress: EgressService;
  readonly #ports: ServerPorts;
  readonly #newId: () => string;
  readonly #registry = new JobRegistry();
  readonly #ownHosts: OwnHosts;
  readonly #file: StateFile | undefined;
  readonly #lock: StateLock | undefined;
  /** Kept jobs that could not be started again: they stay kept for a later start, until they are deleted. */
  readonly #unstarted = new Map<string, JobSpec>();
  #closing: Promise<void> | undefined;

  constructor(
    @Inject(AppConfig) config: AppConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(RUNNER) runner: Runner,
    @Inject(StreamRegistry) streams: StreamRegistry,
    @Inject(EgressService) egress: EgressService,
    @Inject(ServerPorts) ports: ServerPorts,
    @Inject(NEW_ID) newId: () => string,
  ) {
    this.#config = config;
    this.#logger = logger;
    this.#runner = runner;
    this.#streams = streams;
    this.#egress = egress;
    this.#ports = ports;
    this.#newId = newId;
    this.#ownHosts = new OwnHosts(config.network.publicHosts);
    const { stateFile } = config.jobs;
    const path = stateFile === '' ? undefined : projectPath(stateFile);
    this.#file = path === undefined ? undefined : new StateFile(path, logger);
    this.#lock = path === undefined ? undefined : new StateLock(path, logger);
  }

  /**
   * Jobs with `restart: always` of the last run, which from now on are this server's alone.
   * @throws SeamlineError `state-file-in-use` when they are another server's, `file-unreadable`
   */
  async kept(): Promise<readonly JobSpec[]> {
    await this.#lock?.take();
    return (await this.#file?.load()) ?? [];
  }

  /** Whether jobs that are to outlive the server are on disk, and why not; undefined when none are to be kept there. */
  get keeping(): { readonly problem: string | undefined } | undefined {
    return this.#file;
  }

  /** Starts kept jobs again, under their old ids and outputs; those that cannot be started stay kept. */
  resume(specs: readonly JobSpec[]): void {
    for (const spec of specs) {
      try {
        this.#admit(spec);
        this.#start(spec);
      } catch (err) {
        this.#unstarted.set(spec.id, spec);
        this.#logger.error('job cannot be started again and stays kept', { jobId: spec.id, err });
      }
    }
    if (specs.length > 0) void this.#save();
  }

  /**
   * Starts a job of a checked body; what becomes of its cameras is in its state later.
   * @throws SeamlineError `invalid-request`, `output-in-use`, `job-limit-reached`, `shutting-down`
   */
  async create(dto: CreateStitchDto): Promise<Job> {
    const { network, jobs } = this.#config;
    const spec = toJobSpec(dto, {
      id: this.#newId(),
      defaults: jobs.defaults,
      ownHosts: this.#ownHosts,
      rtspPort: this.#ports.rtsp,
      sourcePolicy: new SourcePolicy({ allow: network.sourceNetworks, ownPorts: this.#ports.own }),
      pushPolicy: new SourcePolicy({ allow: network.pushNetworks, ownPorts: this.#ports.own }),
    });
    this.#admit(spec);
    const job = this.#start(spec);
    // A job that is to outlive the server is on disk before anybody is told that it exists.
    await this.#save();
    return job;
  }

  /** All jobs, oldest first. */
  list(): Job[] {
    return this.#registry.list();
  }

  /** @throws SeamlineError `job-not-found` */
  get(id: string): Job {
    return this.#registry.get(id);
  }

  has(id: string): boolean {
    return this.#registry.has(id);
  }

  /** What an answer about the job is made of. */
  facts(job: Job): JobFacts {
    const { spec, state, status } = job.supervisor;
    const viewers = this.#egress.readers(spec.path);
    return { spec, state, status, createdMs: job.createdMs, pushes: job.output.pushes(), viewers };
  }

  /** Changes a running job; the change also holds for its next process. */
  async change(id: string, dto: ChangeStitchDto): Promise<Job> {
    const job = this.#registry.get(id);
    const { question, amend } = toChange(dto);
    if (job.supervisor.handle !== undefined) await this.ask(id, question);
    job.supervisor.amend(amend(job.supervisor.spec));
    await this.#save();
    this.events.emit('change', id);
    return job;
  }

  /** The job process's answer. @throws SeamlineError `job-not-found`, `timeout`, or the process's own */
  async ask(id: string, question: JobQuestion): Promise<unknown> {
    const { handle, state } = this.#registry.get(id).supervisor;
    if (handle === undefined) {
      throw new SeamlineError('timeout', `the job process is not running (${state.phase}); try again later`);
    }
    return handle.ask(question, this.#config.jobs.replyTimeoutMs);
  }

  /** Stops a job and forgets it; resolves when no process of it is left. */
  async remove(id: string): Promise<void> {
    if (!this.#registry.has(id) && this.#unstarted.delete(id)) return this.#save();
    await this.#stop(this.#registry.get(id));
    this.#registry.delete(id);
    this.events.emit('change', id);
    await this.#save();
  }

  /** No new jobs, and none left when it resolves. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(this.list().map((job) => this.#stop(job)));
    await this.#file?.close();
    await this.#lock?.release();
  }

  async #stop({ supervisor, output }: Job): Promise<void> {
    await supervisor.stop();
    await output.close('the job was stopped');
  }

  #admit(spec: JobSpec): void {
    const { maxJobs } = this.#config.jobs;
    if (this.#closing !== undefined) throw new SeamlineError('shutting-down', 'the server is stopping');
    this.#registry.checkOutputs(spec);
    if (this.#registry.active().length < maxJobs) return;
    const detail = `this server runs at most ${maxJobs} jobs (jobs.maxJobs); stop one first`;
    throw new SeamlineError('job-limit-reached', detail);
  }

  async #save(): Promise<void> {
    if (this.#closing !== undefined) return;
    const specs = this.list().map(({ supervisor }) => supervisor.spec);
    const kept = specs.filter((spec) => spec.restart === 'always');
    await this.#file?.save([...kept, ...this.#unstarted.values()]);
  }

  #start(spec: JobSpec): Job {
    const { jobs, inference } = this.#config;
    const taken = this.#registry.active().map((job) => job.deviceId);
    const deviceId = leastLoaded(inference.devices, taken);
    const requestKeyframe = (): void => supervisor.requestKeyframe();
    const output = new JobOutput(this.#streams, this.#egress, spec.path, spec.pushUrls, requestKeyframe);
    const supervisor = new JobSupervisor(spec, {
      runner: this.#runner,
      settings: () => pipelineSettings(this.#config, deviceId, this.#ports.own),
      clock: monotonicClock,
      random: Math.random,
      logger: this.#logger,
      startTimeoutMs: jobs.startTimeoutMs,
      silenceTimeoutMs: jobs.silenceTimeoutMs,
      onItem: (item) => output.publish(item),
      onClosed: (reason) => void output.close(reason),
      onChange: () => this.events.emit('change', spec.id),
    });
    const job = { id: spec.id, createdMs: Date.now(), deviceId, supervisor, output };
    this.#registry.add(job);
    supervisor.start();
    return job;
  }
}
