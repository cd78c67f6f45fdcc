/** Figures of a job in plain words. */

const percent = (share) => `${Math.round(share * 100)} %`;

const ORIGINS = {
  network: 'aligned',
  held: 'last alignment held',
  'side-by-side': 'side by side',
  manual: 'fixed by hand',
};

/** Pairs of name and value for the card of a job. */
export function shortFigures(job) {
  const figures = job.figures;
  if (figures === null) return [];
  return [
    ['Rate', `${figures.fps.toFixed(1)} fps`],
    ['Delay', `${Math.round(figures.delay_ms.total.p50)} ms`],
    ['Views', ORIGINS[figures.geometry.origin] ?? figures.geometry.origin],
    ['Overlap', figures.geometry.overlap > 0 ? percent(figures.geometry.overlap) : '–'],
    ['Viewers', String(Object.values(job.viewers).reduce((sum, count) => sum + count, 0))],
  ];
}

/** Everything a job tells, for the overlay of the player. */
export function allFigures(job, player) {
  const figures = job.figures;
  if (figures === null) return [['State', job.state]];
  const { delay_ms: delay, geometry, cameras } = figures;
  const ms = (value) => `${Math.round(value.p50)} ms (p95 ${Math.round(value.p95)})`;
  return [
    [
      'Server',
      `${figures.fps.toFixed(1)} fps${figures.output === null ? '' : `, ${figures.output.width} × ${figures.output.height}`}`,
    ],
    [
      'This player',
      player === undefined
        ? '–'
        : `${player.fps.toFixed(1)} fps, buffer ${Math.round(player.bufferMs)} ms, lost ${player.lost}`,
    ],
    ['Camera to encoder', ms(delay.total)],
    ['… decode', ms(delay.decode)],
    ['… pair', ms(delay.pair)],
    ['… compose', ms(delay.compose)],
    ['… encode', ms(delay.encode)],
    ['Skew of the cameras', ms(figures.skew_ms)],
    [
      'Views',
      `${ORIGINS[geometry.origin] ?? geometry.origin}, confidence ${percent(geometry.confidence)}, overlap ${percent(geometry.overlap)}`,
    ],
    ['Networks', `${figures.provider || 'not ready'}, ${cadenceOf(figures.cadence)}`],
    ...cameras.map((camera, index) => [
      `Camera ${index + 1}`,
      `${camera.phase}${camera.codec ? `, ${camera.codec} ${camera.width} × ${camera.height}, ${camera.fps.toFixed(1)} fps` : ''}${camera.reason ? `: ${camera.reason}` : ''}`,
    ]),
    [
      'Viewers',
      Object.entries(job.viewers)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    ],
  ];
}

/** How often the networks run, in words. */
function cadenceOf({ mode, updates_per_second: updates, comparisons_per_second: comparisons }) {
  const everyFrame = mode === 'every-frame' ? 'every frame, ' : '';
  return `${everyFrame}${updates.toFixed(1)} updates and ${comparisons.toFixed(1)} comparisons a second`;
}

/** Fills a <dl> with pairs of name and value. */
export function fillList(list, pairs) {
  list.replaceChildren(
    ...pairs.map(([name, value]) => {
      const row = document.createElement('div');
      const term = document.createElement('dt');
      const detail = document.createElement('dd');
      term.textContent = name;
      detail.textContent = value;
      row.append(term, detail);
      return row;
    }),
  );
}
