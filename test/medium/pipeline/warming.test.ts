import { afterEach, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import { InferenceService } from '../../../src/inference/inference.service.ts';
import { IngestService } from '../../../src/ingest/ingest.service.ts';
import { reasonsOf } from '../../../src/jobs/job-state.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { JobPipeline } from '../../../src/pipeline/job-pipeline.ts';
import { aJobSpec, somePipelineSettings } from '../../helpers/job-facts.ts';

let pipeline: JobPipeline | undefined;

afterEach(async () => {
  await pipeline?.close();
});

/** The real networks, loaded as late as a machine loads them that builds TensorRT engines first. */
class LateInference extends InferenceService {
  open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  override async start(
    ...options: Parameters<InferenceService['start']>
  ): Promise<Awaited<ReturnType<InferenceService['start']>>> {
    await this.#opened;
    return super.start(...options);
  }
}

it('is warming while the networks are loaded, says so, and aligning afterwards', async () => {
  const inference = new LateInference();
  pipeline = new JobPipeline(aJobSpec({}), somePipelineSettings({}), {
    ...{ ingest: new IngestService(), inference, clock: monotonicClock, log: silentLogger },
    onItem: () => undefined,
    onFailure: () => undefined,
  });

  const started = pipeline.start();
  await expect.poll(() => pipeline?.status().phase).toBe('warming');
  expect(reasonsOf(pipeline.status()).at(-1)).toBe(
    'the views are not aligned yet: the networks are still being loaded',
  );
  inference.open();
  await started;

  expect(pipeline.status().phase).toBe('aligning');
  expect(reasonsOf(pipeline.status()).join()).not.toContain('loaded');
});
