import { call, listen, ProblemError, request } from './api.js';
import { fillItems, fillList } from './elements.js';
import { inWords, shortFigures } from './figures.js';

const form = document.getElementById('form');
const list = document.getElementById('jobs');
/** Pictures of the cards are renewed this often while the page is looked at. */
const SHOT_MS = 15_000;
const cards = new Map();

/** The card of a job, made when it is new. */
function cardOf(job) {
  const known = cards.get(job.id);
  if (known) return known;
  const card = document.getElementById('job-template').content.firstElementChild.cloneNode(true);
  for (const link of card.querySelectorAll('[data-link=view]')) link.href = new URL(job.outputs.page).pathname;
  for (const button of card.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', () => void copy(button, job.outputs[button.dataset.copy]));
  }
  const stop = card.querySelector('[data-stop]');
  stop.addEventListener('click', () => void confirmStop(stop, job.id));
  const entry = { card, shotAtMs: -Infinity };
  cards.set(job.id, entry);
  list.append(card);
  return entry;
}

function show(jobs) {
  document.getElementById('no-jobs').hidden = jobs.length > 0;
  for (const [id, { card }] of cards) {
    if (jobs.some((job) => job.id === id)) continue;
    card.remove();
    cards.delete(id);
  }
  for (const job of jobs) {
    const entry = cardOf(job);
    const { card } = entry;
    const text = (name, value) => {
      for (const node of card.querySelectorAll(`[data-text=${name}]`))
        if (node.textContent !== value) node.textContent = value;
    };
    text('title', job.name ?? job.path);
    text('state', job.state);
    card.querySelector('.badge').dataset.state = job.state;
    fillItems(card.querySelector('[data-list=reasons]'), job.reasons.map(inWords));
    fillItems(card.querySelector('[data-list=pushes]'), job.outputs.pushes.map(pushWords));
    fillList(card.querySelector('[data-list=figures]'), shortFigures(job));
    if (job.figures?.output && !document.hidden && performance.now() - entry.shotAtMs > SHOT_MS) {
      entry.shotAtMs = performance.now();
      void refreshShot(card.querySelector('[data-shot]'), job.id);
    }
  }
}

/** An output elsewhere, in one line. */
function pushWords({ url, state, reason }) {
  return reason === '' ? `${url} – ${state}` : `${url} – ${state}: ${reason}`;
}

async function refreshShot(image, id) {
  const answer = await request(`/stitch/${id}/snapshot.jpg`).catch(() => undefined);
  if (!answer?.ok) return;
  const before = image.src;
  image.src = URL.createObjectURL(await answer.blob());
  if (before.startsWith('blob:')) URL.revokeObjectURL(before);
}

async function copy(button, address) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(address);
    button.textContent = 'Copied';
  } catch {
    // Without https the clipboard is closed: the address is shown for copying by hand.
    prompt('Address', address);
  }
  setTimeout(() => (button.textContent = before), 1500);
}

/** Stopping needs a second press within three seconds. */
async function confirmStop(button, id) {
  if (button.dataset.armed !== 'true') {
    button.dataset.armed = 'true';
    button.textContent = 'Really stop?';
    setTimeout(() => {
      button.dataset.armed = 'false';
      button.textContent = 'Stop';
    }, 3000);
    return;
  }
  button.disabled = true;
  await call('DELETE', `/stitch/${id}`).catch((error) => alert(error.message));
}

/** Shows each message beside its field; what belongs to no field of the page stands above the button. */
function showErrors(error) {
  const messages = new Map();
  const errors =
    error instanceof ProblemError && error.errors.length > 0
      ? error.errors
      : error === undefined
        ? []
        : [{ field: '', message: error.message }];
  for (const { field, message } of errors) {
    const isKnown = form.querySelector(`[data-error="${CSS.escape(field)}"]`) !== null;
    const key = isKnown ? field : '';
    messages.set(key, [...(messages.get(key) ?? []), isKnown || field === '' ? message : `${field} ${message}`]);
  }
  for (const node of form.querySelectorAll('[data-error]')) {
    node.textContent = (messages.get(node.dataset.error) ?? []).join('; ');
    form.elements[node.dataset.error]?.setAttribute('aria-invalid', String(node.textContent !== ''));
  }
}

function bodyOfForm() {
  const numbers = new Set(['bitrate_kbps', 'fps', 'width', 'sync_offset_ms']);
  const filled = [...new FormData(form)].filter(([, value]) => value.trim() !== '');
  return Object.fromEntries(filled.map(([name, value]) => [name, numbers.has(name) ? Number(value) : value.trim()]));
}

async function probe(name) {
  const result = form.querySelector(`[data-result=${name}]`);
  const picture = form.querySelector(`[data-picture=${name}]`);
  const button = form.querySelector(`[data-probe=${name}]`);
  result.textContent = 'asking the camera …';
  result.dataset.bad = 'false';
  picture.hidden = true;
  button.disabled = true;
  try {
    const found = await call('POST', '/probe', { url: form.elements[name].value.trim() });
    result.textContent = found.reachable
      ? `${found.codec} ${found.width} × ${found.height}, ${found.fps} fps, first picture after ${(found.first_picture_ms / 1000).toFixed(1)} s`
      : found.reason;
    result.dataset.bad = String(!found.reachable);
    if (found.reachable) picture.src = found.picture;
    picture.hidden = !found.reachable;
  } catch (error) {
    result.textContent = error.errors?.[0]?.message ?? error.message;
    result.dataset.bad = 'true';
  }
  button.disabled = false;
}

async function submit() {
  showErrors(undefined);
  const button = form.querySelector('[type=submit]');
  button.disabled = true;
  try {
    await call('POST', '/stitch', bodyOfForm());
    form.reset();
    for (const node of form.querySelectorAll('[data-result]')) node.textContent = '';
    for (const node of form.querySelectorAll('[data-picture]')) node.hidden = true;
    document.getElementById('running-title').scrollIntoView({ behavior: 'smooth' });
  } catch (error) {
    showErrors(error);
  }
  button.disabled = false;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
document.getElementById('swap').addEventListener('click', () => {
  const { url1, url2 } = form.elements;
  [url1.value, url2.value] = [url2.value, url1.value];
});
for (const button of form.querySelectorAll('[data-probe]'))
  button.addEventListener('click', () => void probe(button.dataset.probe));

void listen(
  '/stitch/events',
  (name, data) => {
    if (name === 'jobs') show(data.jobs);
  },
  (isLive) => {
    const connection = document.getElementById('connection');
    connection.textContent = isLive ? 'live' : 'the server is away, connecting again …';
    connection.dataset.live = String(isLive);
  },
);
