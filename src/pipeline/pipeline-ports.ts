import type { Clock } from '../common/clock.ts';
import type { StreamItem } from '../contract/access-unit.ts';
import type { InferenceService } from '../inference/inference.service.ts';
import type { IngestService } from '../ingest/ingest.service.ts';
import type { Logger } from '../logging/logger.ts';

/** What the surroundings of a pipeline give it. */
export interface PipelinePorts {
  readonly ingest: IngestService;
  readonly inference: InferenceService;
  readonly clock: Clock;
  readonly onItem: (item: StreamItem) => void;
  readonly onFailure: (error: unknown) => void;
  readonly log: Logger;
}
