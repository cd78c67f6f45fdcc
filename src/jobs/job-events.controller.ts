import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AddressBook, type AddressedRequest } from './address-base.ts';
import { ApiProblems } from './api-problems.ts';
import { EventStream } from './event-stream.ts';
import { jobView } from './job-view.ts';
import { JobsService } from './jobs.service.ts';

interface Reply {
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
}

/** Live state of jobs as server-sent events: at every change of state, and with fresh figures once a second. */
@ApiTags('jobs')
@Controller('stitch')
export class JobEventsController {
  readonly #jobs: JobsService;
  readonly #addresses: AddressBook;

  constructor(@Inject(JobsService) jobs: JobsService, @Inject(AddressBook) addresses: AddressBook) {
    this.#jobs = jobs;
    this.#addresses = addresses;
  }

  @Get('events')
  @ApiOperation({ summary: 'All jobs as server-sent events named `jobs`' })
  @ApiOkResponse({ content: { 'text/event-stream': {} } })
  @ApiProblems(401)
  all(@Req() request: AddressedRequest, @Res() reply: Reply): void {
    const base = this.#addresses.baseFor(request);
    const onChange = (): void => events.notify();
    const events = new EventStream(
      () => ({
        event: 'jobs',
        data: { jobs: this.#jobs.list().map((job) => jobView(this.#jobs.facts(job), base)) },
      }),
      () => this.#jobs.events.off('change', onChange),
    );
    this.#jobs.events.on('change', onChange);
    send(reply, events);
  }

  @Get(':id/events')
  @ApiOperation({ summary: 'One job as server-sent events named `job`; the last one is named `gone`' })
  @ApiOkResponse({ content: { 'text/event-stream': {} } })
  @ApiProblems(401, 404)
  one(@Param('id') id: string, @Req() request: AddressedRequest, @Res() reply: Reply): void {
    const job = this.#jobs.get(id);
    const base = this.#addresses.baseFor(request);
    const onChange = (changed: string): void => {
      if (changed !== id) return;
      if (this.#jobs.has(id)) events.notify();
      else events.end('gone', { id });
    };
    const events = new EventStream(
      () => ({ event: 'job', data: jobView(this.#jobs.facts(job), base) }),
      () => this.#jobs.events.off('change', onChange),
    );
    this.#jobs.events.on('change', onChange);
    send(reply, events);
  }
}

function send(reply: Reply, events: EventStream): void {
  reply
    .header('content-type', 'text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no');
  reply.send(events.stream);
}
