import { isIP } from 'node:net';
import { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { JobDefaultsConfig } from '../../config/job-config.ts';
import type { JobSpec } from '../../contract/job-spec.ts';
import type { SourcePolicy } from '../../net/source-policy.ts';
import { addressKey, portOf, sortOutputs, type OutputRules } from '../job-outputs.ts';
import { SOURCE_PROTOCOLS } from './address.validator.ts';
import { toManualGeometry } from './geometry.validator.ts';
import type { CreateStitchDto } from './stitch.dto.ts';

/** What a DTO does not hold. */
export interface SpecContext extends OutputRules {
  readonly id: string;
  readonly defaults: JobDefaultsConfig;
  readonly sourcePolicy: SourcePolicy;
}

/**
 * The job of a checked body. Nothing deeper sees a DTO.
 * @throws SeamlineError `invalid-request` for what only shows between the fields, each named
 */
export function toJobSpec(dto: CreateStitchDto, context: SpecContext): JobSpec {
  const { defaults, id } = context;
  checkSource(dto.url1, 'url1', context.sourcePolicy);
  checkSource(dto.url2, 'url2', context.sourcePolicy);
  if (addressKey(dto.url1) === addressKey(dto.url2)) throw wrong('url2', 'is the same camera as url1');
  const named = dto.output_url === undefined ? [] : [['output_url', dto.output_url] as const];
  const listed = (dto.output_urls ?? []).map((url, index) => [`output_urls[${index}]`, url] as const);
  for (const [field, url] of [...named, ...listed]) {
    if ([dto.url1, dto.url2].map(addressKey).includes(addressKey(url))) throw wrong(field, 'is one of the cameras');
  }
  const outputs = sortOutputs([...named, ...listed], context);
  return {
    id,
    url1: dto.url1,
    url2: dto.url2,
    pushUrls: outputs.pushUrls,
    path: outputs.path ?? id,
    name: dto.name,
    model: dto.model ?? defaults.model,
    width: dto.width ?? defaults.widthPx,
    fps: dto.fps ?? defaults.fps ?? undefined,
    bitrateKbps: dto.bitrate_kbps ?? defaults.bitrateKbps,
    encoder: dto.encoder ?? defaults.encoder,
    syncOffsetMs: dto.sync_offset_ms ?? 0,
    transport: dto.transport ?? defaults.transport,
    ingest: dto.ingest ?? defaults.ingest,
    fill: dto.fill ?? defaults.fill,
    outputWidth: dto.output_width,
    outputHeight: dto.output_height,
    maxOutputWidth: dto.max_output_width ?? defaults.maxOutputWidthPx,
    geometry: dto.geometry === undefined ? undefined : toManualGeometry(dto.geometry),
    restart: dto.restart ?? defaults.restart,
    swap: false,
  };
}

/** Names are resolved and checked when the camera is connected to; an address can be checked at once. */
export function checkSource(text: string, field: string, policy: SourcePolicy): void {
  const url = SafeUrl.parse(text, SOURCE_PROTOCOLS, field);
  const address = url.host === 'localhost' ? '127.0.0.1' : url.host;
  const refusal = isIP(address) === 0 ? undefined : policy.refusal(address, portOf(url));
  if (refusal !== undefined) throw wrong(field, refusal);
}

function wrong(field: string, message: string): SeamlineError {
  return new SeamlineError('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });
}
