import { Module } from '@nestjs/common';
import { IngestService } from './ingest.service.ts';

/** Cameras: RTSP clients, decoders and their frames. */
@Module({ providers: [IngestService], exports: [IngestService] })
export class IngestModule {}
