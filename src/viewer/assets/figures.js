/** Figures of a job in plain words. */

const percent = (share) => `${Math.round(share * 100)} %`;
const ms = (value) => `${Math.round(value)} ms`;

const ORIGINS = {
  network: 'aligned',
  held: 'last alignment held',
  'side-by-side': 'side by side',
  manual: 'fixed by hand',
};

/** Stages of the delay in the order in which a picture passes them. */
const STAGES = ['decode', 'pair', 'compose', 'encode'];

/** The server names cameras by the fields of the request; people count them. */
export function inWords(reason) {
  return reason.replace(/\burl1\b/g, 'the first camera').replace(/\burl2\b/g, 'the second camera');
}

/** Pairs of name and value for the card of a job. */
export function shortFigures(job) {
  const figures = job.figures;
  if (figures === null) return [];
  const isShown = figures.output !== null;
  return [
    ['Rate', isShown ? `${figures.fps.toFixed(1)} fps` : '–'],
    ['Delay', isShown ? ms(figures.delay_ms.total.p50) : '–'],
    ['Views', ORIGINS[figures.geometry.origin] ?? figures.geometry.origin],
    ['Overlap', figures.geometry.overlap > 0 ? percent(figures.geometry.overlap) : '–'],
    ['Viewers', String(Object.values(job.viewers).reduce((sum, count) => sum + count, 0))],
  ];
}

/** The most important figures, for the top of the player's panel. */
export function headline(job) {
  const { fps, delay_ms: delay, skew_ms: skew, geometry } = job.figures;
  return [
    ['Rate', `${fps.toFixed(1)} fps`],
    ['Delay', ms(delay.total.p50)],
    ['Skew', ms(skew.p50)],
    ['Confidence', percent(geometry.confidence)],
    ['Overlap', percent(geometry.overlap)],
  ];
}

/** Median delay of each stage, ms, with its share of their sum. */
export function stages(job) {
  const delay = job.figures.delay_ms;
  const sum = STAGES.reduce((total, stage) => total + delay[stage].p50, 0) || 1;
  return STAGES.map((stage) => ({ stage, ms: delay[stage].p50, share: delay[stage].p50 / sum }));
}

/** Everything else that a job tells. @param player figures of this page's player, or undefined */
export function details(job, player) {
  const { figures } = job;
  const { delay_ms: delay, skew_ms: skew, geometry, output } = figures;
  return [
    ['Picture', output === null ? '–' : `${output.width} × ${output.height}, ${output.bitrate_kbps} kbit/s`],
    ['This player', playerWords(player)],
    ['Camera to encoder', `${ms(delay.total.p50)}, 95 % below ${ms(delay.total.p95)}`],
    ['Skew of the cameras', `${ms(skew.p50)}, 95 % below ${ms(skew.p95)}`],
    ['Views', `${ORIGINS[geometry.origin] ?? geometry.origin}${geometry.reason ? `: ${geometry.reason}` : ''}`],
    ['Networks', `${figures.provider || 'not ready'}, ${cadenceWords(figures.cadence)}`],
    ...figures.cameras.map((camera, index) => [`Camera ${index + 1}`, cameraWords(camera)]),
    [
      'Viewers',
      Object.entries(job.viewers)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    ],
  ];
}

/** How often the networks run. */
function cadenceWords({ mode, updates_per_second: updates, comparisons_per_second: comparisons }) {
  const everyFrame = mode === 'every-frame' ? 'every frame, ' : '';
  return `${everyFrame}${updates.toFixed(1)} updates and ${comparisons.toFixed(1)} comparisons a second`;
}

function playerWords(player) {
  if (player === undefined) return '–';
  const way = player.transport === undefined ? '' : `, by ${player.transport.toUpperCase()}`;
  const loss = player.lost === 0 ? '' : `, lost ${player.lost}`;
  const again = player.resent === 0 ? '' : `, sent again ${player.resent}`;
  return `${player.fps.toFixed(1)} fps${way}, buffer ${ms(player.bufferMs)}${loss}${again}`;
}

function cameraWords(camera) {
  const picture = camera.codec
    ? `, ${camera.codec} ${camera.width} × ${camera.height}, ${camera.fps.toFixed(1)} fps`
    : '';
  return `${camera.phase}${picture}${camera.reason ? `: ${camera.reason}` : ''}`;
}
