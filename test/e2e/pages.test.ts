import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { runProgram } from '../helpers/run-program.ts';
import { type JobView, SeamlineServer } from '../helpers/seamline-server.ts';

const BROWSER = {
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
};

describe('the pages in a browser', () => {
  let server: SeamlineServer;
  let cameras: DemoCameras;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [server, cameras, browser] = await Promise.all([
      SeamlineServer.start(),
      startDemoCameras('calm'),
      chromium.launch(BROWSER),
    ]);
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
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
  });

  /** Pictures that the player has shown. */
  const shown = (): Promise<number> =>
    page.evaluate(() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0);

  async function moreThan(count: number, timeoutMs: number): Promise<void> {
    await page.waitForFunction(
      (goal) => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > goal,
      count,
      { timeout: timeoutMs },
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

    await page.getByRole('button', { name: 'Test' }).first().click();

    await page.waitForFunction(
      () => /1280 × 720/.test(document.querySelector('[data-result=url1]')?.textContent ?? ''),
      undefined,
      {
        timeout: 25_000,
      },
    );
    const width = await page
      .locator('[data-picture=url1]')
      .evaluate((image) => (image as HTMLImageElement).naturalWidth);
    expect(width).toBeGreaterThan(100);
  });

  it('start a panorama and show its state, picture and links', async () => {
    await page.getByLabel('Output address').fill(`rtsp://localhost:${server.rtspPort}/square`);
    await page.getByRole('button', { name: 'Start' }).click();

    const card = page.locator('.card');
    await card.locator('.badge[data-state=running]').waitFor({ timeout: 60_000 });
    await page.waitForFunction(
      () => (document.querySelector<HTMLImageElement>('.card img')?.naturalWidth ?? 0) > 1000,
      undefined,
      {
        timeout: 20_000,
      },
    );
    expect(await card.locator('h3').textContent()).toContain('square');
  });

  it('play it by WebRTC, with figures and control points on request', async () => {
    await page.getByRole('link', { name: 'Watch' }).click();
    await moreThan(20, 20_000);

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

  it('come back by themselves after the job process was killed', async () => {
    const before = await shown();
    const { jobs } = (await (await fetch(`${server.url}/stitch`)).json()) as { jobs: readonly JobView[] };
    await runProgram('pkill', ['-KILL', '-f', `pipeline.main.js ${jobs[0]?.id}`]);

    await page.waitForFunction(() => document.querySelector('#state')?.textContent !== 'running', undefined, {
      timeout: 10_000,
    });
    await page.waitForFunction(() => document.querySelector('#state')?.textContent === 'running', undefined, {
      timeout: 60_000,
    });

    await moreThan(before + 20, 20_000);
  });

  it.each(['', 'view/square'])('fit a phone without scrolling sideways: /%s', async (path) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.url}/${path}`);
    await page.waitForLoadState('load');

    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

    expect(overhang).toBeLessThanOrEqual(0);
  });

  it('break no rule of the content security policy and no script fails', () => {
    expect(complaints).toEqual([]);
  });
});
