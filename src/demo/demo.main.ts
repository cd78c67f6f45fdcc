import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type OwnedChild, spawnChild } from '../process/child.ts';
import { siblingModule } from '../process/sibling-module.ts';

/**
 * The whole product on one machine: two RTSP cameras that play a rendered scene, the server, a running stitch.
 * `demo.main.js [--pair calm|shaken] [--seconds N]`; Ctrl-C stops everything.
 */
const HELP = `npm run demo -- [--pair calm|shaken] [--seconds N] [--http-port 5000] [--rtsp-port 8554] [--webrtc-port 8189] [--camera-port 8600]

  --pair     calm: two fixed cameras; shaken: both shake, with different exposure
  --seconds  stop by itself after N seconds`;

const { values } = parseArgs({
  options: {
    pair: { type: 'string', default: 'calm' },
    seconds: { type: 'string' },
    'http-port': { type: 'string', default: '5000' },
    'rtsp-port': { type: 'string', default: '8554' },
    'webrtc-port': { type: 'string', default: '8189' },
    'camera-port': { type: 'string', default: '8600' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
if (values.help) {
  say(HELP);
  process.exit(0);
}

const children: OwnedChild[] = [];
let isStopping = false;

/** Stops what was started, newest first, and ends this process. */
async function stop(exitCode: number): Promise<never> {
  if (!isStopping) {
    isStopping = true;
    say('\nstopping …');
    for (const child of children.toReversed()) await child.stop();
    say('stopped');
    process.exit(exitCode);
  }
  return new Promise(() => undefined);
}

/** Starts one of our programs; its standard error is shown, and its end ends the demo. */
function startNode(what: string, entry: URL, args: readonly string[], env: NodeJS.ProcessEnv = {}): OwnedChild {
  const child = spawnChild({
    command: process.execPath,
    args: [fileURLToPath(entry), ...args],
    env: { ...process.env, ...env },
    onStderrLine: (line) => process.stderr.write(`${line}\n`),
  });
  children.push(child);
  void child.exited.then((exit) => {
    if (isStopping) return;
    process.stderr.write(`${what} has ended (exit code ${exit.exitCode}); see the lines above\n`);
    void stop(1);
  });
  return child;
}

/** Waits until `probe` gives a value, asking every 200 ms. @throws Error after `timeoutMs` */
async function until<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe().catch(() => undefined);
    if (value !== undefined) return value;
    if (performance.now() > endMs) throw new Error(`${what} did not happen within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What the demo reads of a job. */
interface JobView {
  readonly id: string;
  readonly state: string;
  readonly reasons: readonly string[];
}

async function demo(): Promise<void> {
  const clip = (side: string): string =>
    fileURLToPath(new URL(`../../test/fixtures/media/demo/${values.pair}-${side}.mp4`, import.meta.url));
  const clips = [clip('left'), clip('right')];
  if (!clips.every((path) => existsSync(path)))
    throw new Error(`there is no pair "${values.pair}"; try calm or shaken`);
  const { 'http-port': httpPort, 'rtsp-port': rtspPort, 'camera-port': cameraPort } = values;

  say('starting two RTSP cameras …');
  const cameras = startNode('the cameras', siblingModule(import.meta.url, './cameras.main'), [cameraPort, ...clips]);
  await new Promise<void>((resolve) => cameras.stdout.once('data', () => resolve()));
  const urls = ['left', 'right'].map((side) => `rtsp://127.0.0.1:${cameraPort}/${side}`);
  say(`  ${urls.join('\n  ')}`);

  say('starting the server …');
  const server = startNode('the server', siblingModule(import.meta.url, '../cli'), ['serve'], {
    SEAMLINE_HTTP_PORT: httpPort,
    SEAMLINE_RTSP_PORT: rtspPort,
    SEAMLINE_WEBRTC_PORT: values['webrtc-port'],
    SEAMLINE_LOG_LEVEL: process.env['SEAMLINE_LOG_LEVEL'] ?? 'warn',
  });
  server.stdout.pipe(process.stderr);
  const api = `http://127.0.0.1:${httpPort}`;
  await until('the start of the server', 60_000, async () =>
    (await fetch(`${api}/health/live`)).ok ? true : undefined,
  );

  const output = `rtsp://localhost:${rtspPort}/live`;
  const body = JSON.stringify({ url1: urls[0], url2: urls[1], output_url: output });
  say(
    `posting the stitch:\n  curl -X POST -H "Content-Type: application/json" -d '${body}' http://localhost:${httpPort}/stitch`,
  );
  const answer = await fetch(`${api}/stitch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (answer.status !== 201) throw new Error(`the server answered ${answer.status}: ${await answer.text()}`);
  const { id } = (await answer.json()) as JobView;

  say('aligning the cameras …');
  const job = await until('the alignment', 60_000, async () => {
    const view = (await (await fetch(`${api}/stitch/${id}`)).json()) as JobView;
    return ['running', 'degraded', 'failed'].includes(view.state) ? view : undefined;
  });
  if (job.state === 'failed') throw new Error(`the job failed: ${job.reasons.join('; ')}`);
  const http = `http://localhost:${httpPort}`;
  say(`
The panorama is there (${job.state}). Open this address in a browser:

  ${http}/view/live

The same in players and recorders, and everything else:

  ${http}/live/live.flv   VLC, mpegts.js (vlc ${http}/live/live.flv)
  ${output}           ffplay, mpv, recorders (ffplay ${output})
  ${http}/                all panoramas, and a form to start one
  ${http}/docs            the API

Ctrl-C stops everything.`);
}

process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));
try {
  await demo();
  if (values.seconds !== undefined) setTimeout(() => void stop(0), Number(values.seconds) * 1000);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}
