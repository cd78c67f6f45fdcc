import { call, listen } from './api.js';
import { inWords } from './figures.js';
import { showFigures } from './figures-panel.js';
import { drawMeshes } from './mesh-overlay.js';
import { PanoramaPlayer } from './panorama-player.js';

const path = decodeURI(location.pathname.replace(/^\/view\//, '').replace(/\/+$/, ''));
const element = (id) => document.getElementById(id);
const video = element('video');
const notice = element('notice');
const mesh = element('mesh');
const figures = element('figures');
let job;
let meshTimer;
let playing = '';

document.title = `${path} – Seamline`;
element('title').textContent = path;

const player = new PanoramaPlayer(encodeURI(path), video, (state) => {
  playing = state;
  showNotice();
});

/** Why there is no picture: what the player says, and what the server says about the job. */
function showNotice() {
  const reason = job?.reasons?.[0];
  const words = [playing, reason && `${job.state}: ${inWords(reason)}`].filter(Boolean);
  notice.textContent =
    playing === 'playing'
      ? ''
      : job === undefined
        ? `No panorama named “${path}” is running.`
        : words.map((text) => text[0].toUpperCase() + text.slice(1)).join('\n');
  notice.hidden = notice.textContent === '';
}

async function show(jobs) {
  job = jobs.find((candidate) => candidate.path === path);
  const badge = element('state');
  badge.textContent = job?.state ?? 'not running';
  badge.dataset.state = job?.state ?? 'stopped';
  badge.title = job?.reasons.map(inWords).join('\n') ?? '';
  element('title').textContent = job?.name ?? path;
  if (job !== undefined) element('snapshot').href = `/stitch/${job.id}/snapshot.jpg`;
  showNotice();
  if (!figures.hidden) showFigures(figures, job, await player.figures());
}

async function refreshMesh() {
  if (job === undefined) return;
  try {
    const geometry = await call('GET', `/stitch/${job.id}/geometry`);
    if (!mesh.hidden && geometry.kind === 'meshes') drawMeshes(mesh, geometry);
  } catch {
    // No panorama yet; the next try comes in half a second.
  }
}

function toggleFigures() {
  figures.hidden = !figures.hidden;
  element('toggle-figures').setAttribute('aria-pressed', String(!figures.hidden));
  if (!figures.hidden) void player.figures().then((own) => showFigures(figures, job, own));
}

function toggleMesh() {
  mesh.hidden = element('legend').hidden = !mesh.hidden;
  element('toggle-mesh').setAttribute('aria-pressed', String(!mesh.hidden));
  clearInterval(meshTimer);
  if (!mesh.hidden) {
    meshTimer = setInterval(() => void refreshMesh(), 500);
    void refreshMesh();
  }
}

function toggleFullScreen() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else
    element('stage')
      .requestFullscreen()
      .catch(() => undefined);
}

element('toggle-figures').addEventListener('click', toggleFigures);
element('toggle-mesh').addEventListener('click', toggleMesh);
element('fullscreen').addEventListener('click', toggleFullScreen);
video.addEventListener('dblclick', toggleFullScreen);
document.addEventListener('keydown', (event) => {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = { i: toggleFigures, m: toggleMesh, f: toggleFullScreen }[event.key];
  if (action) action();
});

void player.run();
void listen(
  '/stitch/events',
  (name, data) => {
    if (name === 'jobs') void show(data.jobs);
  },
  (isLive) => {
    if (!isLive) element('state').textContent = 'server away';
  },
);
