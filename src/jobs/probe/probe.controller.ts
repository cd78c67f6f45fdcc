import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SeamlineError } from '../../common/seamline-error.ts';
import { ApiProblems } from '../api-problems.ts';
import { ProbeDto } from '../dto/stitch.dto.ts';
import { ProbeService } from './probe.service.ts';

const EXAMPLE = {
  reachable: true,
  reason: '',
  codec: 'h264',
  width: 1920,
  height: 1080,
  fps: 25,
  client: 'direct',
  first_picture_ms: 840,
  picture: 'data:image/jpeg;base64,…',
};

/** Looks at one camera before a job is made of it. */
@ApiTags('cameras')
@Controller('probe')
export class ProbeController {
  readonly #probes: ProbeService;

  constructor(@Inject(ProbeService) probes: ProbeService) {
    this.#probes = probes;
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Is this camera reachable, and what does it send?' })
  @ApiOkResponse({ description: 'reachable false: reason says why, the rest is left out.', example: EXAMPLE })
  @ApiProblems(400, 401, 403, 413, 415, 422, 429, 504)
  async probe(@Body() dto: ProbeDto): Promise<object> {
    const result = await this.#probes.probe(dto);
    if (result.kind === 'failed') throw SeamlineError.fromProblem(result.problem);
    if (result.kind === 'unreachable') return { reachable: false, reason: result.reason };
    const { codec, widthPx, heightPx, fps, client, firstPictureMs, picture } = result.finding;
    const found = { reachable: true, reason: '', codec, width: widthPx, height: heightPx, fps, client };
    return { ...found, first_picture_ms: firstPictureMs, picture: `data:image/jpeg;base64,${picture}` };
  }
}
