import { Injectable } from '@nestjs/common';
import { monotonicClock } from '../common/clock.ts';
import type { StreamItem } from '../contract/access-unit.ts';
import type { JobSpec, PipelineSettings } from '../contract/job-spec.ts';
import { InferenceService } from '../inference/inference.service.ts';
import { IngestService } from '../ingest/ingest.service.ts';
import type { Logger } from '../logging/logger.ts';
import { JobPipeline } from './job-pipeline.ts';

/** Makes the one pipeline of a job process. */
@Injectable()
export class PipelineService {
  readonly #ingest: IngestService;
  readonly #inference: InferenceService;

  constructor(ingest: IngestService, inference: InferenceService) {
    this.#ingest = ingest;
    this.#inference = inference;
  }

  /** A pipeline that is not started yet. */
  create(
    spec: JobSpec,
    settings: PipelineSettings,
    sinks: { onItem: (item: StreamItem) => void; onFailure: (error: unknown) => void; log: Logger },
  ): JobPipeline {
    const ports = { ingest: this.#ingest, inference: this.#inference, clock: monotonicClock, ...sinks };
    return new JobPipeline(spec, settings, ports);
  }
}
