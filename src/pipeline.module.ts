import { Module } from '@nestjs/common';
import { InferenceModule } from './inference/inference.module.ts';
import { IngestModule } from './ingest/ingest.module.ts';
import { PipelineService } from './pipeline/pipeline.service.ts';

/** Root of a job process. */
@Module({ imports: [IngestModule, InferenceModule], providers: [PipelineService] })
export class PipelineModule {}
