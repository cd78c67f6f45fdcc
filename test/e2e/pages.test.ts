import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../src/common/clock.ts';
import { RtspServer } from '../../src/egress/rtsp/server.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { LivePanorama } from '../helpers/live-panorama.ts';
import { pageFaults, tabStops } from '../helpers/page-checks.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, type JobView, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';

/** Screenshots are left here to be looked at. */
const SHOTS = join(ROOT, 'var/screenshots');

const BROWSER = {
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
};

/** How long the page may take for what it has to show; how busy the machine is must decide nothing. */
const PATIENCE_MS = 120_000;

describe('the pages in a browser', () => {
  let server: SeamlineServer;
  let cameras: DemoCameras;
  let browser: Browser;
  let page: Page;
  let live: LivePanorama;
  /** A camera that shows nothing of what the others show. */
  let pattern: RtspServer;
  const complaints: string[] = [];

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    [server, cameras, browser] = await Promise.all([
      SeamlineServer.start(),
      startDemoCameras('calm'),
      chromium.launch(BROWSER),
    ]);
    live = await LivePanorama.start('pattern', 1000, 'clock');
    const options = { host: '127.0.0.1', port: 0, udpPort: 0, registry: live.registry, clock: monotonicClock };
    pattern = new RtspServer({ ...options, log: silentLogger });
    await pattern.listen();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(PATIENCE_MS);
    // Answers that refuse are logged by the browser, too; the tests look at those where they belong.
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await cameras?.child.stop();
    await pattern?.close();
    await live?.close();
  });

  /** Pictures that the player has shown. */
  const shown = (): Promise<number> =>
    page.evaluate(() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0);

  async function moreThan(count: number): Promise<void> {
    await page.waitForFunction(
      (goal) => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > goal,
      count,
    );
  }

  it('say beside the field what is wrong with an address', async () => {
    await page.goto(server.url);
    await page.getByLabel('Address').first().fill('http://camera/stream');
    await page.getByLabel('Address').nth(1).fill(cameras.right);

    await page.getByRole('button', { name: 'Start' }).click();

    await page.waitForFunction(() =>
      (document.querySelector('[data-error=url1]')?.textContent ?? '').includes('rtsp://'),
    );
    expect(await page.locator('[data-error=url2]').textContent()).toBe('');
  });

  it('test a camera with a small picture', async () => {
    await page.getByLabel('Address').first().fill(cameras.left);

    await page.getByRole('button', { name: 'Test the first camera' }).click();

    await page.waitForFunction(() =>
      /1280 × 720/.test(document.querySelector('[data-result=url1]')?.textContent ?? ''),
    );
    const width = await page
      .locator('[data-picture=url1]')
      .evaluate((image) => (image as HTMLImageElement).naturalWidth);
    expect(width).toBeGreaterThan(100);
  });

  it('start a panorama and show its state, picture and links', async () => {
    await page.getByLabel('Output address').fill(`rtsp://localhost:${server.rtspPort}/square`);
    // By keyboard alone.
    await page.keyboard.press('Enter');

    const card = page.locator('.card');
    // A machine with too much to do says `degraded`, aligned or not.
    await card.locator('.badge:is([data-state=running], [data-state=degraded])').waitFor();
    await card.locator('dd', { hasText: 'aligned' }).waitFor();
    await page.waitForFunction(() => (document.querySelector<HTMLImageElement>('.card img')?.naturalWidth ?? 0) > 1000);
    expect(await card.locator('h2').textContent()).toContain('square');
  });

  it('play it by WebRTC, with figures and control points on request', async () => {
    await page.getByRole('link', { name: 'Watch' }).click();
    await moreThan(20);

    await page.keyboard.press('i');
    await page.keyboard.press('m');

    await page.waitForFunction(() => /Camera 2/.test(document.getElementById('figures')?.textContent ?? ''));
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#mesh');
      const context = canvas?.getContext('2d');
      if (!canvas || !context || canvas.width === 0) return false;
      return context.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
    });
    expect(await page.locator('#notice').isHidden()).toBe(true);
  });

  it('play it by HTTP-FLV in a browser without a way for WebRTC, and say so', async () => {
    const other = await browser.newPage();
    await other.addInitScript('delete globalThis.RTCPeerConnection');
    await other.goto(page.url());
    await other.waitForFunction(
      () => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 20,
      undefined,
      { timeout: 30_000 },
    );

    await other.keyboard.press('i');
    await other.waitForFunction(() => /by HTTP-FLV/.test(document.getElementById('figures')?.textContent ?? ''));
    expect(await other.locator('#notice').isHidden()).toBe(true);
    // What comes is shown soon, not collected.
    const behindS = await other.evaluate(() => {
      const { buffered, currentTime } = document.querySelector('video')!;
      return buffered.end(buffered.length - 1) - currentTime;
    });
    expect(behindS).toBeLessThan(5);
    await other.screenshot({ path: join(SHOTS, 'player-http-flv.png') });
    await other.close();
  });

  it('say why there is no picture in a browser that can play none', async () => {
    const other = await browser.newPage();
    await other.addInitScript(
      'for (const name of ["RTCPeerConnection", "MediaSource", "ManagedMediaSource"]) delete globalThis[name];',
    );
    await other.goto(page.url());
    await other.waitForFunction(() => /no WebRTC/.test(document.getElementById('notice')?.textContent ?? ''));
    await other.close();
  });

  it('come back by themselves after the job process was killed', async () => {
    const before = await shown();
    const { jobs } = (await (await fetch(`${server.url}/stitch`)).json()) as { jobs: readonly JobView[] };
    await runProgram('pkill', ['-KILL', '-f', `pipeline.main.js ${jobs[0]?.id}`]);

    await eventually('the new process', 60_000, async () => {
      const { restarts, figures } = (await server.job(jobs[0]!.id)) as JobView & {
        restarts: number;
        figures: { geometry: { origin: string } } | null;
      };
      return restarts === 1 && figures?.geometry.origin === 'network' ? true : undefined;
    });

    await moreThan(before + 20);
  });

  it('is back soon when the server ends the session of a viewer', async () => {
    const opened = page.waitForResponse((answer) => answer.url().includes('/whep/') && answer.status() === 201);
    await page.reload();
    const resource = (await (await opened).headerValue('location')) ?? '';
    await moreThan(5);

    const again = page.waitForResponse((answer) => answer.url().includes('/whep/') && answer.status() === 201);
    expect((await fetch(new URL(resource, server.url), { method: 'DELETE' })).status).toBe(204);
    await again;
    await page.evaluate(
      () => new Promise((resolve) => document.querySelector('video')!.requestVideoFrameCallback(() => resolve(0))),
    );

    await page.locator('#notice').waitFor({ state: 'hidden', timeout: 10_000 });
  });

  it('reach every control by keyboard, and show where one is', async () => {
    const player = await tabStops(page);
    await page.goto(server.url);
    await page.locator('.card').waitFor();
    const list = await tabStops(page);

    expect(player.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Figures', 'Mesh', 'Snapshot', 'Full screen']),
    );
    expect(list[0]?.name).toBe('Skip to the form');
    expect(list.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'square',
        'Watch',
        'Copy RTSP',
        'Stop',
        'Exchange the cameras',
        'Output address',
        'Start',
      ]),
    );
    expect([...player, ...list].filter(({ isMarked }) => !isMarked)).toEqual([]);
  });

  const LOOKS = [
    ['light', 'light', { width: 1280, height: 800 }],
    ['dark', 'dark', { width: 1280, height: 800 }],
    ['phone', 'light', { width: 390, height: 844 }],
    ['phone-dark', 'dark', { width: 390, height: 844 }],
  ] as const;

  it.each(LOOKS)('can be read and used by everybody: %s', async (name, colorScheme, viewport) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);

    await page.goto(server.url);
    await page.locator('.card img[src]').waitFor();
    await page.locator('summary').click();
    const list = await pageFaults(page);
    await page.locator('summary').click();
    await page.screenshot({ path: join(SHOTS, `panoramas-${name}.png`), fullPage: true });

    await page.goto(`${server.url}/view/square`);
    await moreThan(5);
    await page.keyboard.press('i');
    await page.keyboard.press('m');
    await page.locator('#figures .details').waitFor();
    const player = await pageFaults(page);
    await page.screenshot({ path: join(SHOTS, `player-${name}.png`) });

    expect({ list, player }).toEqual({ list: [], player: [] });
  });

  it('stop a panorama at the second press, and say in plain words when two views do not match', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Really stop?' }).click();
    await page.locator('#no-jobs').waitFor();
    await page.screenshot({ path: join(SHOTS, 'panoramas-none.png'), fullPage: true });

    await page.getByLabel('Address').first().fill(cameras.left);
    await page.getByLabel('Address').nth(1).fill(`rtsp://127.0.0.1:${pattern.port}/pattern`);
    await page.getByRole('button', { name: 'Start' }).click();

    await page.locator('.badge[data-state=degraded]').waitFor();
    await page.locator('.reasons', { hasText: /shown side by side: .*turn a camera/ }).waitFor();
    await page.locator('.card img[src]').waitFor();
    await page.screenshot({ path: join(SHOTS, 'panoramas-mismatch.png'), fullPage: true });
  });

  it('break no rule of the content security policy and no script fails', () => {
    expect(complaints).toEqual([]);
  });
});
