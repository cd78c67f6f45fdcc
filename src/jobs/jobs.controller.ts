import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { monotonicClock } from '../common/clock.ts';
import { AddressBook, type AddressedRequest } from './address-base.ts';
import { ApiProblems } from './api-problems.ts';
import { ChangeStitchDto, CreateStitchDto } from './dto/stitch.dto.ts';
import { JOB_EXAMPLE } from './job-example.ts';
import type { Job } from './job-registry.ts';
import { jobView } from './job-view.ts';
import { JobsService } from './jobs.service.ts';
import { SharedAnswer } from './shared-answer.ts';

interface Reply {
  header(name: string, value: string): Reply;
  type(type: string): Reply;
  send(body: unknown): unknown;
}

/** How old a snapshot may be. */
const SNAPSHOT_VALID_MS = 500;

/** Jobs over HTTP. */
@ApiTags('jobs')
@Controller('stitch')
export class JobsController {
  readonly #jobs: JobsService;
  readonly #addresses: AddressBook;
  /** A picture costs the job an ffmpeg, and anybody may ask for one. */
  readonly #snapshots = new SharedAnswer<Buffer>(monotonicClock, SNAPSHOT_VALID_MS);

  constructor(@Inject(JobsService) jobs: JobsService, @Inject(AddressBook) addresses: AddressBook) {
    this.#jobs = jobs;
    this.#addresses = addresses;
  }

  @Post()
  @ApiOperation({ summary: 'Start a job: two cameras in, one panorama out' })
  @ApiCreatedResponse({ description: 'The job; Location names it.', example: JOB_EXAMPLE })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 429, 503)
  async create(
    @Body() dto: CreateStitchDto,
    @Req() request: AddressedRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    const job = await this.#jobs.create(dto);
    reply.header('location', `/stitch/${job.id}`);
    return this.#view(job, request);
  }

  @Get()
  @ApiOperation({ summary: 'All jobs, oldest first' })
  @ApiOkResponse({ example: { jobs: [JOB_EXAMPLE] } })
  @ApiProblems(401)
  list(@Req() request: AddressedRequest): object {
    return { jobs: this.#jobs.list().map((job) => this.#view(job, request)) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One job: state, reasons, figures, addresses' })
  @ApiOkResponse({ example: JOB_EXAMPLE })
  @ApiProblems(401, 404)
  show(@Param('id') id: string, @Req() request: AddressedRequest): object {
    return this.#view(this.#jobs.get(id), request);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a job while it runs' })
  @ApiOkResponse({ example: JOB_EXAMPLE })
  @ApiProblems(400, 401, 403, 404, 415, 422, 429, 504)
  async change(
    @Param('id') id: string,
    @Body() dto: ChangeStitchDto,
    @Req() request: AddressedRequest,
  ): Promise<object> {
    return this.#view(await this.#jobs.change(id, dto), request);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Stop a job; answers when no process of it is left' })
  @ApiNoContentResponse()
  @ApiProblems(401, 403, 404, 429)
  async remove(@Param('id') id: string): Promise<void> {
    await this.#jobs.remove(id);
  }

  @Get(':id/geometry')
  @ApiOperation({ summary: 'The alignment in use, in the form that POST and PATCH take' })
  @ApiProblems(401, 404, 504)
  async geometry(@Param('id') id: string): Promise<unknown> {
    return this.#jobs.ask(id, { kind: 'get-geometry' });
  }

  @Get(':id/snapshot.jpg')
  @ApiOperation({ summary: 'The newest panorama' })
  @ApiOkResponse({ content: { 'image/jpeg': {} } })
  @ApiProblems(401, 404, 504)
  async snapshot(@Param('id') id: string, @Res() reply: Reply): Promise<void> {
    // Of a job that is gone there is no picture, not even the last one.
    this.#jobs.get(id);
    const jpeg = await this.#snapshots.get(id, async () =>
      Buffer.from(String(await this.#jobs.ask(id, { kind: 'snapshot' })), 'base64'),
    );
    reply.type('image/jpeg').header('cache-control', 'no-store').send(jpeg);
  }

  #view(job: Job, request: AddressedRequest): object {
    return jobView(this.#jobs.facts(job), this.#addresses.baseFor(request));
  }
}
