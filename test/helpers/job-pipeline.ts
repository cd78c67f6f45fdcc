import { monotonicClock } from '../../src/common/clock.ts';
import type { AccessUnit } from '../../src/contract/access-unit.ts';
import type { JobSpec, PipelineSettings } from '../../src/contract/job-spec.ts';
import { InferenceService } from '../../src/inference/inference.service.ts';
import { IngestService } from '../../src/ingest/ingest.service.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { JobPipeline } from '../../src/pipeline/job-pipeline.ts';
import { aJobSpec, somePipelineSettings } from './job-facts.ts';

/** A whole job without its process, and what it gave. */
export interface WatchedPipeline {
  readonly pipeline: JobPipeline;
  readonly units: AccessUnit[];
  /** What it could not go on with; a sound pipeline leaves this empty. */
  readonly failures: unknown[];
}

/** Starts a job in this process, with the real decoders, networks, kernels and encoder. */
export async function startPipeline(
  spec: Partial<JobSpec>,
  settings: Partial<PipelineSettings> = {},
): Promise<WatchedPipeline> {
  const units: AccessUnit[] = [];
  const failures: unknown[] = [];
  const pipeline = new JobPipeline(aJobSpec(spec), somePipelineSettings(settings), {
    ingest: new IngestService(),
    inference: new InferenceService(),
    clock: monotonicClock,
    onItem: (item) => {
      if (item.kind === 'access-unit') units.push(item.unit);
    },
    onFailure: (error) => failures.push(error),
    log: silentLogger,
  });
  await pipeline.start();
  return { pipeline, units, failures };
}
