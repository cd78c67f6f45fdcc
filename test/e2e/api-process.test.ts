import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { firstEvents } from '../helpers/first-events.ts';
import { ProcessFamily } from '../helpers/process-family.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, freePort, type JobView, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';

/** Nobody answers here: the job process runs, and keeps trying to connect. */
const AWAY = {
  url1: 'rtsp://admin:cAnaRy7%40@127.0.0.1:9/left?u=a&p=cAnaRy7',
  url2: 'rtsp://admin:cAnaRy7%40@127.0.0.1:9/user=a_password=cAnaRy7_channel=1',
};

let server: SeamlineServer | undefined;
let cameras: DemoCameras | undefined;

afterEach(async () => {
  await server?.stop();
  await cameras?.child.stop();
  server = undefined;
  cameras = undefined;
});

async function serveOnce(
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): Promise<{ code: number | null; log: string }> {
  const { exitCode, stdout, stderr } = await runProgram('env', [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    process.execPath,
    join(ROOT, 'dist/cli.js'),
    'serve',
    ...args,
  ]);
  return { code: exitCode, log: stdout.toString() + stderr };
}

const psLines = async (): Promise<string> => (await runProgram('ps', ['-eo', 'pid,args', '-ww'])).stdout.toString();

describe('a server that cannot start', () => {
  it('lists every mistake of its configuration and exits with 1', async () => {
    const { code, log } = await serveOnce({ SEAMLINE_HTTP_PORT: 'high', SEAMLINE_NO_SUCH: '1' }, [
      '--jobs-max-jobs',
      '0',
    ]);

    expect(code).toBe(1);
    for (const key of ['http.port must be', 'SEAMLINE_NO_SUCH is not known', 'jobs.maxJobs must be']) {
      expect(log).toContain(key);
    }
  });

  it.each(['SEAMLINE_HTTP_PORT', 'SEAMLINE_RTSP_PORT', 'SEAMLINE_WEBRTC_PORT'])(
    'says that %s is taken and exits with 1',
    async (variable) => {
      const other = createServer();
      other.listen(0, '0.0.0.0');
      await once(other, 'listening');
      const taken = String((other.address() as { port: number }).port);

      const [http, rtsp] = [String(await freePort()), String(await freePort())];
      const ports = { SEAMLINE_HTTP_PORT: http, SEAMLINE_RTSP_PORT: rtsp, SEAMLINE_WEBRTC_PORT: '0' };
      const { code, log } = await serveOnce({ ...ports, SEAMLINE_JOBS_STATE_FILE: '', [variable]: taken });
      other.close();

      expect(code).toBe(1);
      expect(log).toContain(taken);
      expect(log).toContain('another program');
    },
  );
});

describe('a server that runs', () => {
  it('keeps its jobs from a second one with the same state file, which ends and names the first', async () => {
    const state = { SEAMLINE_JOBS_STATE_FILE: join(mkdtempSync(join(tmpdir(), 'seamline-e2e-')), 'jobs.json') };
    server = await SeamlineServer.start(state);

    const ports = { SEAMLINE_HTTP_PORT: '0', SEAMLINE_RTSP_PORT: '0', SEAMLINE_WEBRTC_PORT: '0' };
    const { code, log } = await serveOnce({ ...ports, ...state });

    expect(code).toBe(1);
    expect(log).toContain(`another server (process ${server.child.pid}) runs the jobs`);
    expect((await fetch(`${server.url}/health/live`)).ok).toBe(true);
  });

  it('shows the password of a camera nowhere: answers, events, metrics, log, process list', async () => {
    server = await SeamlineServer.start({ SEAMLINE_LOG_LEVEL: 'trace' });
    const { id } = await server.stitch({ ...AWAY, output_urls: ['rtmp://u:cAnaRy7%40@127.0.0.1:9/app/key'] });
    await eventually('a reason', 30_000, async () =>
      (await server!.job(id)).reasons.join().includes('url1') ? true : undefined,
    );

    const paths = ['/stitch', `/stitch/${id}`, `/stitch/${id}/geometry`, '/metrics', '/health/ready', '/docs-json'];
    const answers = await Promise.all(paths.map(async (path) => (await fetch(server!.url + path)).text()));
    const events = await Promise.all(['', `/${id}`].map((one) => firstEvents(`${server!.url}/stitch${one}/events`)));
    const everything = [...answers, ...events, await psLines(), ...server.lines].join('\n');

    for (const text of [...events, everything]) expect(text).toContain('admin:***@127.0.0.1:9');
    expect(everything).not.toContain('cAnaRy7');
  });

  it('starts jobs with restart: always again after kill −9, on the same path', async () => {
    const state = { SEAMLINE_JOBS_STATE_FILE: join(mkdtempSync(join(tmpdir(), 'seamline-e2e-')), 'jobs.json') };
    server = await SeamlineServer.start(state);
    const output_url = `rtsp://localhost:${server.rtspPort}/gate`;
    cameras = await startDemoCameras('calm');
    const urls = { url1: cameras.left, url2: cameras.right };
    const kept = await server.stitch({ ...urls, output_url, restart: 'always' });
    await server.waitForState(kept.id, ['running'], 60_000);
    await server.stitch({ ...AWAY, url1: 'rtsp://127.0.0.1:9/other' });

    server.child.kill();
    await server.child.exited;
    server = await SeamlineServer.start(state);

    const { jobs } = (await (await fetch(`${server.url}/stitch`)).json()) as { jobs: JobView[] };
    expect(jobs.map((job) => [job.id, job['path']])).toEqual([[kept.id, 'gate']]);
    await server.waitForState(kept.id, ['running'], 60_000);
    const player = new RtspPlayer(server.rtsp('gate'));
    await player.more(10, 20_000).finally(() => player.stop());
  });

  it('ends at once at the second signal', async () => {
    server = await SeamlineServer.start();
    await server.stitch(AWAY);
    const pid = server.child.pid!;
    const family = await ProcessFamily.of(pid);
    expect(family.pidsOf('pipeline.main.js')).toHaveLength(1);

    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGINT');
    const exit = await server.child.exited;

    expect([0, 1]).toContain(exit.exitCode);
    expect(exit.signal).toBeNull();
    await eventually('an end of its job', 4000, async () => ((await family.left()).length === 0 ? true : undefined));
  });

  it('answers what is no HTTP with a problem and goes on', async () => {
    server = await SeamlineServer.start();
    const socket = connect(server.httpPort, '127.0.0.1');
    socket.end('NONSENSE\r\n\r\n');

    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);

    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });

  it('serves the page of its API with all that it loads', async () => {
    server = await SeamlineServer.start();

    const page = await (await fetch(`${server.url}/docs`)).text();
    const parts = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '');
    const statuses = await Promise.all(
      parts.map(async (part) => (await fetch(new URL(part, `${server!.url}/docs`))).status),
    );

    expect(parts.length).toBeGreaterThan(1);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('POST /probe', () => {
  const probe = async (body: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${server!.url}/probe`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  };

  it.each(['auto', 'ffmpeg'])('shows what a camera sends, with a small picture (%s)', async (ingest) => {
    server = await SeamlineServer.start();
    cameras = await startDemoCameras('calm');

    const found = await probe({ url: cameras.left, ingest });

    expect(found).toMatchObject({ reachable: true, codec: 'h264', width: 1280, height: 720 });
    expect(found['fps']).toBeGreaterThan(20);
    expect(found['first_picture_ms']).toBeGreaterThan(0);
    const jpeg = Buffer.from(String(found['picture']).replace('data:image/jpeg;base64,', ''), 'base64');
    expect([jpeg[0], jpeg[1]]).toEqual([0xff, 0xd8]);
    expect((await ProcessFamily.of(server.child.pid!)).pidsOf('probe.main.js')).toEqual([]);
  });

  it('says in plain words why a camera gives no picture', async () => {
    server = await SeamlineServer.start();

    const found = await probe({ url: AWAY.url1 });

    expect(found['reachable']).toBe(false);
    expect(String(found['reason']).length).toBeGreaterThan(10);
    expect(JSON.stringify(found)).not.toContain('cAnaRy7');
  });
});

describe('the launcher', () => {
  it('runs under the system’s own Node and hands on exit code and output', async () => {
    const launcher = join(ROOT, 'bin/seamline.mjs');
    const node = '/usr/bin/node';

    const help = await runProgram(node, [launcher, '--help']);
    const wrong = await runProgram(node, [launcher, 'fly']);
    const serveHelp = await runProgram(node, [launcher, 'serve', '--help']);

    expect([help.exitCode, wrong.exitCode, serveHelp.exitCode]).toEqual([0, 2, 0]);
    expect(help.stdout.toString()).toContain('seamline stitch LEFT RIGHT');
    expect(wrong.stderr).toContain('there is no command "fly"');
    expect(serveHelp.stdout.toString()).toContain('--http-port');
  });

  it('is refused by an older Node only where it would break, with a word of advice', async () => {
    const { exitCode, stderr } = await runProgram('/usr/bin/node', [join(ROOT, 'dist/cli.js'), '--help']);
    const isOld =
      Number((await runProgram('/usr/bin/node', ['-p', 'process.versions.node'])).stdout.toString().split('.')[0]) < 24;

    expect([exitCode, stderr.includes('Seamline needs Node 24')]).toEqual(isOld ? [1, true] : [0, false]);
  });
});
