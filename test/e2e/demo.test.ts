import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnedChild, spawnChild } from '../../src/process/child.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, freePort, ROOT } from '../helpers/seamline-server.ts';
import { playInVlc } from '../helpers/vlc.ts';

let demo: OwnedChild;
let browser: Browser;
let printed = '';

beforeAll(async () => {
  const [http, rtsp, webrtc, camera] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const ports = { 'http-port': http, 'rtsp-port': rtsp, 'webrtc-port': webrtc, 'camera-port': camera };
  const flags = Object.entries(ports).flatMap(([name, port]) => [`--${name}`, String(port)]);
  demo = spawnChild({ command: process.execPath, args: [join(ROOT, 'dist/demo/demo.main.js'), ...flags] });
  demo.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const isThere = eventually('the address of the page', 90_000, async () =>
    printed.includes('Ctrl-C stops everything') ? true : undefined,
  );
  const isOver = demo.exited.then(({ stderrTail }) => Promise.reject(new Error([printed, ...stderrTail].join('\n'))));
  await Promise.race([isThere, isOver]);
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop(30_000);
});

const address = (pattern: RegExp): string => pattern.exec(printed)?.[0] ?? '';

describe('the demo', () => {
  it('prints one address that shows the moving panorama in a browser', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });

    await page.goto(address(/http:\S+\/view\/\S+/));
    // Two pictures that differ: it moves.
    const shownMs = await page.evaluate(async () => {
      const video = document.querySelector('video')!;
      const look = async (): Promise<string> => {
        await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        const canvas = new OffscreenCanvas(64, 24);
        const context = canvas.getContext('2d')!;
        context.drawImage(video, 0, 0, 64, 24);
        return context.getImageData(0, 0, 64, 24).data.join();
      };
      const first = await look();
      while ((await look()) === first);
      return performance.now();
    });

    mkdirSync(join(ROOT, 'var/screenshots'), { recursive: true });
    await page.screenshot({ path: join(ROOT, `var/screenshots/demo-after-${Math.round(shownMs)}-ms.png`) });
    // Three seconds on a machine with nothing else to do; here it only must not be a matter of luck.
    expect(shownMs).toBeLessThan(20_000);
    await page.close();
  });

  it('plays in VLC by HTTP-FLV', async () => {
    const { folder, pictures } = await playInVlc(address(/http:\S+\.flv/), 3, 8);

    const means: number[] = [];
    for (const picture of pictures) {
      const gray = ['-vf', 'scale=3:1:flags=area,format=gray', '-f', 'rawvideo', '-'];
      const { stdout } = await runProgram('ffmpeg', ['-v', 'error', '-i', picture, ...gray]);
      means.push(Math.min(...stdout));
    }
    await rm(folder, { recursive: true });
    expect(means.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...means)).toBeGreaterThan(30);
  });

  it('ends with nothing left when it is told to', async () => {
    const [port] = /(?<=:)\d+(?=\/view)/.exec(printed) ?? [''];

    expect((await demo.stop(30_000)).exitCode).toBe(0);

    expect(printed).toContain('stopped');
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
  });
});
