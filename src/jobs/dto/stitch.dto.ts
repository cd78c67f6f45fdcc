import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';
import { ENCODERS } from '../../contract/job-spec.ts';
import { IsAddress, OUTPUT_PROTOCOLS, SOURCE_PROTOCOLS } from './address.validator.ts';
import { AddressList, Choice, NumberFrom, Optional, Switch, Text, WholeNumber } from './fields.ts';
import { IsGeometry } from './geometry.validator.ts';

const FILLS = ['black', 'blur', 'crop'];
const GEOMETRY_TEXT =
  'Fixes the alignment by hand: what GET /stitch/{id}/geometry returns; {"kind": "homography", "homography": nine ' +
  'numbers, "view_width", "view_height"}; or {"kind": "report", "width", "height", "frame": a frame of a report}.';

/** Body of POST /stitch. What is left out is taken from `jobs.defaults` of the configuration. */
export class CreateStitchDto {
  @ApiProperty({
    description: 'First camera, the reference: rtsp:// or rtsps://, with user and password if it needs them.',
    example: 'rtsp://admin:p%40ss@192.168.1.10:554/stream1',
  })
  @IsAddress(SOURCE_PROTOCOLS)
  url1!: string;

  @ApiProperty({ description: 'Second camera.', example: 'rtsp://admin:p%40ss@192.168.1.11:554/stream1' })
  @IsAddress(SOURCE_PROTOCOLS)
  url2!: string;

  @ApiPropertyOptional({
    description:
      'rtsp:// at this server and its RTSP port: published here under that path. Any other rtsp://, rtsps://, ' +
      'rtmp:// or rtmps:// address: pushed to. Left out: published here under the id of the job.',
    example: 'rtsp://localhost:8554/live',
  })
  @Optional()
  @IsAddress(OUTPUT_PROTOCOLS)
  output_url?: string;

  @ApiPropertyOptional({ description: 'Further outputs of the same kinds.', type: [String], maxItems: 8 })
  @Optional()
  @AddressList(OUTPUT_PROTOCOLS, 8)
  output_urls?: string[];

  @ApiPropertyOptional({ description: 'Label for people.', example: 'north gate', maxLength: 100 })
  @Optional()
  @Text(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u, 'must be a text of 1 to 100 characters without control characters')
  name?: string;

  @ApiPropertyOptional({ description: 'Bundle of networks, a folder under models/.', example: 'lite' })
  @Optional()
  @Text(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be the name of a bundle, in lower case')
  model?: string;

  @ApiPropertyOptional({ description: 'Working width of a view; never enlarged.', minimum: 160, maximum: 3840 })
  @Optional()
  @WholeNumber(160, 3840)
  width?: number;

  @ApiPropertyOptional({ description: "Panoramas a second; the first camera's rate when left out.", maximum: 60 })
  @Optional()
  @NumberFrom(1, 60)
  fps?: number;

  @ApiPropertyOptional({ minimum: 100, maximum: 50_000, example: 4000 })
  @Optional()
  @WholeNumber(100, 50_000)
  bitrate_kbps?: number;

  @ApiPropertyOptional({ enum: ENCODERS, description: 'H.264 encoder of ffmpeg.' })
  @Optional()
  @Choice(ENCODERS)
  encoder?: string;

  @ApiPropertyOptional({ description: 'Added to the capture times of the second camera, ms.', example: -40 })
  @Optional()
  @NumberFrom(-10_000, 10_000)
  sync_offset_ms?: number;

  @ApiPropertyOptional({ enum: ['tcp', 'udp'], description: "Transport of the cameras' RTP." })
  @Optional()
  @Choice(['tcp', 'udp'])
  transport?: 'tcp' | 'udp';

  @ApiPropertyOptional({ enum: ['auto', 'direct', 'ffmpeg'], description: 'Who speaks to the cameras.' })
  @Optional()
  @Choice(['auto', 'direct', 'ffmpeg'])
  ingest?: 'auto' | 'direct' | 'ffmpeg';

  @ApiPropertyOptional({ enum: FILLS, description: 'What is shown where no view is.' })
  @Optional()
  @Choice(FILLS)
  fill?: 'black' | 'blur' | 'crop';

  @ApiPropertyOptional({ minimum: 160, maximum: 7680, description: 'Width of the panorama; rounded to 16.' })
  @Optional()
  @WholeNumber(160, 7680)
  output_width?: number;

  @ApiPropertyOptional({ minimum: 96, maximum: 4320, description: 'Height of the panorama; rounded to 16.' })
  @Optional()
  @WholeNumber(96, 4320)
  output_height?: number;

  @ApiPropertyOptional({ minimum: 320, maximum: 7680, description: 'Widest panorama when its width is chosen.' })
  @Optional()
  @WholeNumber(320, 7680)
  max_output_width?: number;

  @ApiPropertyOptional({ type: Object, description: GEOMETRY_TEXT })
  @Optional()
  @IsGeometry()
  geometry?: Record<string, unknown>;

  @ApiPropertyOptional({ enum: ['always', 'never'], description: 'always: start it again when the server starts.' })
  @Optional()
  @Choice(['always', 'never'])
  restart?: 'always' | 'never';
}

/** Body of PATCH /stitch/:id: what can change while a job runs. */
export class ChangeStitchDto {
  @ApiPropertyOptional({ minimum: 100, maximum: 50_000 })
  @Optional()
  @WholeNumber(100, 50_000)
  bitrate_kbps?: number;

  @ApiPropertyOptional({ description: 'Added to the capture times of the second camera, ms.' })
  @Optional()
  @NumberFrom(-10_000, 10_000)
  sync_offset_ms?: number;

  @ApiPropertyOptional({ enum: FILLS })
  @Optional()
  @Choice(FILLS)
  fill?: 'black' | 'blur' | 'crop';

  @ApiPropertyOptional({ type: Object, nullable: true, description: `${GEOMETRY_TEXT} null: the networks again.` })
  @ValidateIf((_body: object, value: unknown) => value !== undefined && value !== null)
  @IsGeometry()
  geometry?: Record<string, unknown> | null;

  @ApiPropertyOptional({ description: 'true: the second camera is the reference.' })
  @Optional()
  @Switch()
  swap?: boolean;
}

/** Body of POST /probe. */
export class ProbeDto {
  @ApiProperty({ example: 'rtsp://admin:p%40ss@192.168.1.10:554/stream1' })
  @IsAddress(SOURCE_PROTOCOLS)
  url!: string;

  @ApiPropertyOptional({ enum: ['tcp', 'udp'] })
  @Optional()
  @Choice(['tcp', 'udp'])
  transport?: 'tcp' | 'udp';

  @ApiPropertyOptional({ enum: ['auto', 'direct', 'ffmpeg'] })
  @Optional()
  @Choice(['auto', 'direct', 'ffmpeg'])
  ingest?: 'auto' | 'direct' | 'ffmpeg';
}
