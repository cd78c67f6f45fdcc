import type { Series } from './measure-track.ts';

/** What was measured of one panorama; undefined where alignment was not measured or nothing is known. */
export interface FrameFigures {
  /** Frame of the videos. */
  readonly frame: number;
  readonly psnrDb: number | undefined;
  readonly ssim: number | undefined;
  readonly errorPx: number | undefined;
  readonly stabilityPx2: number;
  readonly stepPx: number;
  readonly meshStepPx: number;
  readonly distortion: number;
  readonly pathXPx: number;
  readonly pathYPx: number;
}

/** A series and the way in which the sequence was stitched. */
export interface WaySeries {
  readonly way: string;
  readonly series: Series;
  /** Frame of the videos that the series begins with. */
  readonly first: number;
}

const COLUMNS = [
  ['frame', 'frame'],
  ['psnrDb', 'psnr_db'],
  ['ssim', 'ssim'],
  ['errorPx', 'error_px'],
  ['stabilityPx2', 'stability_px2'],
  ['stepPx', 'step_px'],
  ['meshStepPx', 'mesh_step_px'],
  ['distortion', 'distortion'],
  ['pathXPx', 'path_x_px'],
  ['pathYPx', 'path_y_px'],
] as const satisfies readonly (readonly [keyof FrameFigures, string])[];

/** A series panorama by panorama. */
export function framesOf({ series, first }: WaySeries): FrameFigures[] {
  const aligned = new Map(series.alignment.map((frame) => [frame.index, frame]));
  return Array.from(series.steps, (stepPx, index) => {
    const alignment = aligned.get(index);
    return {
      frame: index + first,
      psnrDb: alignment?.psnrDb,
      ssim: alignment?.ssim,
      errorPx: alignment?.errorPx,
      stabilityPx2: series.stability[index]!,
      stepPx,
      meshStepPx: series.meshSteps[index]!,
      distortion: series.distortion[index]!,
      pathXPx: series.path[index * 2]!,
      pathYPx: series.path[index * 2 + 1]!,
    };
  });
}

/** All ways of one sequence as comma separated values with a head line; what was not measured is empty. */
export function csvOf(all: readonly WaySeries[]): string {
  const lines = all.flatMap((one) =>
    framesOf(one).map((frame) =>
      // The ways' own names hold commas.
      [`"${one.way}"`, ...COLUMNS.map(([key]) => written(frame[key]))].join(','),
    ),
  );
  return `${[['way', ...COLUMNS.map(([, title]) => title)].join(','), ...lines].join('\n')}\n`;
}

function written(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toFixed(5)));
}
