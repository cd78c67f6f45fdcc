import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnedChild, spawnChild } from '../../src/process/child.ts';
import { NatNetwork, PUBLIC_ADDRESS } from '../helpers/nat-network.ts';
import { eventually, ROOT } from '../helpers/seamline-server.ts';

const HTTP = 5000;
const MEDIA = 8189;
const CAMERAS = 8600;
const TURN = { url: `turn:${PUBLIC_ADDRESS}:3478?transport=tcp`, username: 'bob', credential: 'canary-turn-4711' };

/** Keeps the page's connections within reach of the test. */
const KEEP_PEERS = `
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(options) { super(options); window.peers.push(this); }
};
window.stats = async (type) => {
  const entries = [...(await window.peers.at(-1).getStats()).values()];
  return entries.find((entry) => entry.type === type && (type !== 'candidate-pair' || entry.nominated)) ?? {};
};
window.way = async () => {
  const entries = await window.peers.at(-1).getStats();
  const pair = [...entries.values()].find((entry) => entry.type === 'candidate-pair' && entry.nominated);
  return pair && entries.get(pair.localCandidateId).candidateType;
};
window.transport = async () => {
  const entries = await window.peers.at(-1).getStats();
  const pair = [...entries.values()].find((entry) => entry.type === 'candidate-pair' && entry.nominated);
  return pair && entries.get(pair.localCandidateId).protocol;
};
`;
interface Scope {
  peers: RTCPeerConnection[];
  stats(type: string): Promise<Record<string, number>>;
  transport(): Promise<string>;
  way(): Promise<string>;
}
declare const peers: Scope['peers'];
declare const stats: Scope['stats'];
declare const transport: Scope['transport'];
declare const way: Scope['way'];

let network: NatNetwork;
let server: OwnedChild;
let cameras: OwnedChild;
let turn: OwnedChild;
let browser: Browser;
let page: Page;
const log: string[] = [];

function startInside(where: 'server' | 'router', args: string[], env: NodeJS.ProcessEnv = {}): OwnedChild {
  const [command, ...words] = network.inside(where);
  const child = spawnChild({
    command,
    args: [...words, ...args],
    env: { ...process.env, ...env },
    onStderrLine: (line) => log.push(line),
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => log.push(text));
  return child;
}

async function ask(...curl: string[]): Promise<string> {
  const { stdout } = await network.run('server', 'curl', '-s', '-m', '60', ...curl);
  return stdout.toString();
}

beforeAll(async () => {
  network = await NatNetwork.create({ http: HTTP, media: MEDIA });
  const clip = (side: string): string => join(ROOT, `test/fixtures/media/demo/calm-${side}.mp4`);
  cameras = startInside('server', [
    process.execPath,
    join(ROOT, 'dist/demo/cameras.main.js'),
    String(CAMERAS),
    clip('left'),
    clip('right'),
  ]);
  server = startInside('server', [process.execPath, join(ROOT, 'dist/cli.js'), 'serve'], {
    SEAMLINE_HTTP_PORT: String(HTTP),
    SEAMLINE_WEBRTC_PORT: String(MEDIA),
    SEAMLINE_NETWORK_PUBLIC_HOSTS: PUBLIC_ADDRESS,
    SEAMLINE_WEBRTC_ICE_SERVERS: JSON.stringify([TURN]),
    SEAMLINE_JOBS_STATE_FILE: '',
    SEAMLINE_LOG_LEVEL: 'trace',
  });
  const login = ['--lt-cred-mech', '-r', 'seamline', '-u', `${TURN.username}:${TURN.credential}`];
  const quiet = [
    '-n',
    '--no-cli',
    '--no-tls',
    '--no-dtls',
    '--no-stdout-log',
    '-l',
    '/dev/null',
    '--pidfile',
    '/dev/null',
  ];
  turn = startInside('router', ['turnserver', '-L', PUBLIC_ADDRESS, ...quiet, ...login]);
  const api = `http://127.0.0.1:${HTTP}`;
  await eventually('the start', 30_000, async () => ((await ask(`${api}/health/live`)) === '' ? undefined : true));
  const [url1, url2] = ['left', 'right'].map((side) => `rtsp://127.0.0.1:${CAMERAS}/${side}`);
  const body = JSON.stringify({ url1, url2, output_url: 'rtsp://127.0.0.1:8554/square' });
  const { id } = JSON.parse(await ask('-H', 'Content-Type: application/json', '-d', body, `${api}/stitch`)) as {
    id: string;
  };
  await eventually('a panorama', 60_000, async () =>
    /"state":"(running|degraded)"/.test(await ask(`${api}/stitch/${id}`)) ? true : undefined,
  );
  browser = await chromium.launch({
    executablePath: await network.viewerProgram(process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.addInitScript(KEEP_PEERS);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop(8000);
  await Promise.all([cameras?.stop(), turn?.stop()]);
  await network?.close();
});

const decoded = async (): Promise<number> => (await page.evaluate(() => stats('inbound-rtp')))['framesDecoded'] ?? 0;

async function moreThan(frames: number): Promise<void> {
  await expect.poll(decoded, { timeout: 120_000 }).toBeGreaterThan(frames);
}

async function open(): Promise<void> {
  await page.goto(`http://${PUBLIC_ADDRESS}:${HTTP}/view/square`);
  await page.waitForFunction(
    () => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 5,
    undefined,
    { timeout: 60_000 },
  );
}

describe('a viewer behind NAT of a server behind NAT', () => {
  it('sees the panorama over the one forwarded port, and is told of the TURN server', async () => {
    await open();

    expect(await page.evaluate(() => transport())).toBe('udp');
    const darkerHalf = (): Promise<number> =>
      page.evaluate(() => {
        const canvas = new OffscreenCanvas(2, 1);
        const context = canvas.getContext('2d')!;
        context.drawImage(document.querySelector('video')!, 0, 0, 2, 1);
        const { data } = context.getImageData(0, 0, 2, 1);
        return Math.min(data[1]!, data[5]!);
      });
    await expect.poll(darkerHalf).toBeGreaterThan(30);
    const [iceServer] = await page.evaluate(() => peers.at(-1)!.getConfiguration().iceServers!);
    expect(iceServer).toMatchObject({ urls: [TURN.url], username: TURN.username, credential: TURN.credential });
  });

  it('goes on seeing it when one packet of ten is lost: they are sent again', async () => {
    const before = await page.evaluate(() => stats('inbound-rtp'));
    await network.setWeather({ lossPercent: 10 });

    await moreThan(before['framesDecoded']! + 100);

    const after = await page.evaluate(() => stats('inbound-rtp'));
    // Both are missing while there was no loss.
    expect(after['nackCount'] ?? 0).toBeGreaterThan(before['nackCount'] ?? 0);
    expect(after['retransmittedPacketsReceived'] ?? 0).toBeGreaterThan(5);
    expect(await page.evaluate(() => peers.length)).toBe(1);
  });

  it('sees it by TCP when UDP is blocked', async () => {
    await network.setWeather('udp-blocked');

    await open();

    expect(await page.evaluate(() => transport())).toBe('tcp');
    await moreThan((await decoded()) + 25);
  });

  it('sees it through the TURN server when the port for media is closed to him', async () => {
    await network.setWeather('only-turn');

    await open();

    expect(await page.evaluate(() => way())).toBe('relay');
    await moreThan((await decoded()) + 25);
  });

  it('sees it by HTTP-FLV when nothing but the port of the page is open to him, and by WebRTC again later', async () => {
    await network.setWeather('only-http');

    await open();

    await page.keyboard.press('i');
    const figures = page.locator('#figures');
    await expect.poll(() => figures.textContent(), { timeout: 20_000 }).toContain('by HTTP-FLV');
    expect(await page.locator('#notice').isHidden()).toBe(true);
    await network.setWeather({ lossPercent: 0 });
    await open();
    await moreThan(25);
  });

  it('finds the login of the TURN server in no line of the log', () => {
    expect(log.join('\n')).toContain('webrtc session opened');
    expect(log.join('\n')).not.toContain('canary');
  });
});
