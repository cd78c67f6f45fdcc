import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { AppConfig } from '../config/config.schema.ts';
import { ServerPorts } from '../net/server-ports.ts';
import { siblingModule } from '../process/sibling-module.ts';
import { AddressBook } from './address-base.ts';
import { newJobId, NEW_ID } from './job-id.ts';
import { JobEventsController } from './job-events.controller.ts';
import { JobsController } from './jobs.controller.ts';
import { JobsService } from './jobs.service.ts';
import { ProbeController } from './probe/probe.controller.ts';
import { PROBE_ENTRY, ProbeService } from './probe/probe.service.ts';
import { LocalRunner } from './runner/local-runner.ts';
import { RUNNER } from './runner/runner.ts';

/** Jobs: their HTTP routes, their life, and the processes they run in. */
@Module({
  controllers: [JobEventsController, JobsController, ProbeController],
  providers: [
    AddressBook,
    JobsService,
    ProbeService,
    { provide: PROBE_ENTRY, useValue: fileURLToPath(siblingModule(import.meta.url, '../probe.main')) },
    { provide: NEW_ID, useValue: newJobId },
    {
      provide: ServerPorts,
      inject: [AppConfig],
      useFactory: (config: AppConfig) => new ServerPorts(config.http.port, config.rtsp.port, config.webrtc.port),
    },
    {
      provide: RUNNER,
      inject: [AppConfig],
      useFactory: ({ jobs }: AppConfig) =>
        new LocalRunner({
          entry: siblingModule(import.meta.url, '../pipeline.main'),
          stopTimeoutMs: jobs.stopTimeoutMs,
          helloTimeoutMs: jobs.startTimeoutMs,
        }),
    },
  ],
  exports: [JobsService, ServerPorts],
})
export class JobsModule {}
