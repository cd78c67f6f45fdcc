import { SeamlineError } from '../../common/seamline-error.ts';
import type { JobSpec } from '../../contract/job-spec.ts';
import type { JobQuestion } from '../runner/runner.ts';
import { toManualGeometry } from './geometry.validator.ts';
import type { ChangeStitchDto } from './stitch.dto.ts';

/** A change as the running process is told it, and as the job's description takes it. */
export interface Change {
  readonly question: Extract<JobQuestion, { kind: 'change' }>;
  readonly amend: (spec: JobSpec) => JobSpec;
}

/** The change of a checked body. @throws SeamlineError `invalid-request` when there is nothing in it */
export function toChange(dto: ChangeStitchDto): Change {
  const given = {
    ...(dto.bitrate_kbps === undefined ? {} : { bitrateKbps: dto.bitrate_kbps }),
    ...(dto.sync_offset_ms === undefined ? {} : { syncOffsetMs: dto.sync_offset_ms }),
    ...(dto.fill === undefined ? {} : { fill: dto.fill }),
    ...(dto.swap === undefined ? {} : { swap: dto.swap }),
  };
  const geometry =
    dto.geometry === undefined ? {} : { geometry: dto.geometry === null ? null : toManualGeometry(dto.geometry) };
  if (Object.keys({ ...given, ...geometry }).length === 0) {
    const message = 'must have at least one of bitrate_kbps, sync_offset_ms, fill, geometry, swap';
    throw new SeamlineError('invalid-request', `the body ${message}`, { errors: [{ field: '', message }] });
  }
  return {
    question: { kind: 'change', ...given, ...geometry },
    amend: (spec) => ({
      ...spec,
      ...given,
      geometry: geometry.geometry === undefined ? spec.geometry : (geometry.geometry ?? undefined),
    }),
  };
}
