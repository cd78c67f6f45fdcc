import { monotonicClock } from '../../src/common/clock.ts';
import type { AccessUnit } from '../../src/contract/access-unit.ts';
import type { JobSpec, PipelineSettings } from '../../src/contract/job-spec.ts';
import { InferenceService } from '../../src/inference/inference.service.ts';
import { IngestService } from '../../src/ingest/ingest.service.ts';
import { loggerOver } from '../../src/logging/logger.ts';
import { JobPipeline } from '../../src/pipeline/job-pipeline.ts';
import { aJobSpec, somePipelineSettings } from './job-facts.ts';

/** A whole job without its process, and what it gave. */
export interface WatchedPipeline {
  readonly pipeline: JobPipeline;
  readonly units: AccessUnit[];
  /** What it could not go on with; a sound pipeline leaves this empty. */
  readonly failures: unknown[];
  readonly log: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

/** A job in this process that is not started yet, with the real decoders, networks, kernels and encoder. */
export function aPipeline(
  spec: Partial<JobSpec>,
  settings: Partial<PipelineSettings> = {},
  inference = new InferenceService(),
): WatchedPipeline {
  const units: AccessUnit[] = [];
  const failures: unknown[] = [];
  const log: WatchedPipeline['log'] = [];
  const pipeline = new JobPipeline(aJobSpec(spec), somePipelineSettings(settings), {
    ingest: new IngestService(),
    inference,
    clock: monotonicClock,
    onItem: (item) => {
      if (item.kind === 'access-unit') units.push(item.unit);
    },
    onFailure: (error) => failures.push(error),
    log: loggerOver((_level, message, fields) => log.push({ message, fields })),
  });
  return { pipeline, units, failures, log };
}

/** The same, started. */
export async function startPipeline(
  spec: Partial<JobSpec>,
  settings: Partial<PipelineSettings> = {},
): Promise<WatchedPipeline> {
  const watched = aPipeline(spec, settings);
  await watched.pipeline.start();
  return watched;
}

/** Networks that are loaded for ever: a job with them shows its views side by side. */
export class EndlessLoading extends InferenceService {
  override start(): Promise<never> {
    return new Promise(() => undefined);
  }
}
