import { Module } from '@nestjs/common';
import { InferenceService } from './inference.service.ts';

/** The networks, for a job process. */
@Module({ providers: [InferenceService], exports: [InferenceService] })
export class InferenceModule {}
