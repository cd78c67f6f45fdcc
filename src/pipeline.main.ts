import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { JobRunner } from './pipeline/job-runner.ts';
import { PipelineService } from './pipeline/pipeline.service.ts';
import { PipelineModule } from './pipeline.module.ts';

/** Entry of a job process: forked by the server with an IPC channel and a pipe for encoded data on descriptor 4. */
const context = await NestFactory.createApplicationContext(PipelineModule, { logger: false });
const runner = new JobRunner(context.get(PipelineService), (code) => process.exit(code));

process.on('SIGTERM', () => runner.stop());
// Ctrl-C in a terminal is the server's to handle.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => runner.fail(error));
process.on('unhandledRejection', (error) => runner.fail(error));
