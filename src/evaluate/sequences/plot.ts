import type { Series } from './measure-track.ts';

/** One line of a chart. */
interface Line {
  readonly name: string;
  readonly colour: string;
  /** Frame and value, in order. */
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 900;
const CHART_HEIGHT = 150;
const LEFT = 70;
const GAP = 44;
const COLOURS = { shown: '#1464b4', raw: '#c8641e', live: '#1e8c50', held: '#a02878' };

/** A track's name in the legend and what was measured of it. */
export interface NamedSeries {
  readonly name: keyof typeof COLOURS;
  readonly series: Series;
}

/** Alignment, stability, distortion and path of one sequence, frame by frame, as an SVG picture. */
export function plotOf(title: string, all: readonly NamedSeries[]): string {
  const chart = (what: string, points: (series: Series) => (readonly [number, number])[]): [string, Line[]] => [
    what,
    all.map(({ name, series }) => ({ name, colour: COLOURS[name], points: points(series) })),
  ];
  const hasTruth = all.some(({ series }) => series.alignment.some(({ errorPx }) => errorPx !== undefined));
  const charts = [
    chart('PSNR in the overlap, dB', ({ alignment }) => pick(alignment, 'psnrDb')),
    ...(hasTruth ? [chart('distance to the truth, px', ({ alignment }) => pick(alignment, 'errorPx'))] : []),
    chart('stability (0 is at rest), px²', ({ stability }) => [...stability].map((value, index) => [index, value])),
    chart('distortion of the worst cell', ({ distortion }) => [...distortion].map((value, index) => [index, value])),
    chart('path of the content, across, px', ({ path }) => axis(path, 0)),
    chart('path of the content, down, px', ({ path }) => axis(path, 1)),
  ];
  const height = 40 + charts.length * (CHART_HEIGHT + GAP);
  const drawn = charts.map(([what, lines], index) => drawChart(what, lines, 50 + index * (CHART_HEIGHT + GAP)));
  const legend = all.map(
    ({ name }, index) => `<text x="${320 + 90 * index}" y="22" fill="${COLOURS[name]}">— ${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${LEFT}" y="22" font-weight="bold">${title}</text>
${[...legend, ...drawn].join('\n')}
</svg>
`;
}

function pick(alignment: Series['alignment'], key: 'psnrDb' | 'errorPx'): [number, number][] {
  return alignment.flatMap((frame) => {
    const value = frame[key];
    return value === undefined ? [] : [[frame.index, value] as [number, number]];
  });
}

function axis(path: Float64Array, which: 0 | 1): [number, number][] {
  return Array.from({ length: path.length / 2 }, (_none, index) => [index, path[2 * index + which]!]);
}

function drawChart(what: string, lines: readonly Line[], top: number): string {
  const all = lines.flatMap(({ points }) => points);
  const values = all.map(([, value]) => value).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const last = Math.max(...all.map(([frame]) => frame), 1);
  const range = high - low || 1;
  const x = (frame: number): string => (LEFT + (frame / last) * (WIDTH - LEFT - 20)).toFixed(1);
  const y = (value: number): string => (top + CHART_HEIGHT * (1 - (value - low) / range)).toFixed(1);
  const bottom = top + CHART_HEIGHT;
  const frame = `<path d="M${LEFT} ${top}V${bottom}H${WIDTH - 20}" fill="none" stroke="#888"/>`;
  const labels = [
    `<text x="${LEFT}" y="${top - 6}">${what}</text>`,
    `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${high.toPrecision(4)}</text>`,
    `<text x="${LEFT - 6}" y="${bottom}" text-anchor="end">${low.toPrecision(4)}</text>`,
    `<text x="${WIDTH - 20}" y="${bottom + 14}" text-anchor="end">frame ${last}</text>`,
  ];
  const drawn = lines.map(({ colour, points }) => {
    const way = points.filter(([, value]) => Number.isFinite(value)).map(([at, value]) => `${x(at)},${y(value)}`);
    return `<polyline points="${way.join(' ')}" fill="none" stroke="${colour}"/>`;
  });
  return [frame, ...labels, ...drawn].join('\n');
}
