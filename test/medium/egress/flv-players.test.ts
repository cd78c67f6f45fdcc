import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlvController } from '../../../src/egress/flv/flv.controller.ts';
import { FlvServer } from '../../../src/egress/flv/server.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { LivePanorama, MARKED_SIZE, readAllMarked } from '../../helpers/live-panorama.ts';
import { serveController } from '../../helpers/egress-http.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { playInVlc } from '../../helpers/vlc.ts';

const FRAMES = 30;

let live: LivePanorama;
let server: FlvServer;
let app: NestFastifyApplication;
let url: string;
let browser: Browser;
let pages: Server;
let page: string;

beforeAll(async () => {
  live = await LivePanorama.start();
  server = new FlvServer({ registry: live.registry, log: silentLogger, maxQueuedBytes: 64 * 1024 });
  const served = await serveController(FlvController, [{ provide: FlvServer, useValue: server }]);
  app = served.app;
  url = `http://127.0.0.1:${served.port}/live/live.flv`;
  const player = await readFile('node_modules/mpegts.js/dist/mpegts.js');
  pages = createServer((request, response) => {
    if (request.url === '/player.js') response.end(player);
    else
      response.setHeader('content-type', 'text/html').end('<video id=v muted></video><script src=/player.js></script>');
  });
  await new Promise<void>((resolve) => {
    pages.listen(0, '127.0.0.1', resolve);
  });
  page = `http://127.0.0.1:${(pages.address() as { port: number }).port}/`;
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  });
});

afterAll(async () => {
  await browser?.close();
  pages?.close();
  await server?.close();
  await app?.close();
  await live?.close();
});

describe('HTTP-FLV with real players', () => {
  it('shows every picture in order in ffmpeg', async () => {
    const output = ['-frames:v', String(FRAMES), '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'];
    const { stdout } = await runProgram('ffmpeg', [
      '-loglevel',
      'error',
      '-vsync',
      'passthrough',
      '-i',
      url,
      ...output,
    ]);

    const pictures = readAllMarked(stdout);
    expect(pictures).toHaveLength(FRAMES);
    expect(pictures).toEqual(pictures.map((_, at) => pictures[0]! + at));
  });

  it('plays in VLC, run as a user without rights', async () => {
    const { folder, pictures } = await playInVlc(url, 4, 10);
    const numbers: (number | undefined)[] = [];
    for (const picture of pictures) {
      const { stdout } = await runProgram('ffmpeg', [
        '-loglevel',
        'error',
        '-i',
        picture,
        '-f',
        'rawvideo',
        '-pix_fmt',
        'yuv420p',
        'pipe:1',
      ]);
      numbers.push(...readAllMarked(stdout));
    }
    await rm(folder, { recursive: true });
    expect(numbers.length).toBeGreaterThanOrEqual(3);
    expect(numbers.every((number) => number !== undefined)).toBe(true);
    expect(numbers.at(-1)!).toBeGreaterThan(numbers[0]!);
  });

  it('plays in Chromium through mpegts.js, from a page of another origin, and a late joiner is in step', async () => {
    const tab = await browser.newPage();
    await tab.goto(page);
    const frames = await tab.evaluate(
      async ({ url, size }) => {
        const scope = globalThis as unknown as {
          mpegts: {
            createPlayer(
              a: object,
              b: object,
            ): { attachMediaElement(v: object): void; load(): void; play(): Promise<void> };
          };
        };
        /** Reads the number of the picture that a video shows. */
        const numberOf = (video: HTMLVideoElement): { number: number; isColoured: boolean } => {
          const canvas = document.createElement('canvas');
          canvas.width = size.widthPx;
          canvas.height = size.heightPx;
          const context = canvas.getContext('2d')!;
          context.drawImage(video, 0, 0, size.widthPx, size.heightPx);
          const { data } = context.getImageData(0, 0, size.widthPx, size.heightPx);
          let number = 0;
          for (let bit = 0; bit < 16; bit += 1)
            if (data[(16 * size.widthPx + (bit + 0.5) * (size.widthPx / 16)) * 4]! > 126) number |= 1 << bit;
          const redMinusBlue = (x: number): number =>
            data[(200 * size.widthPx + x) * 4]! - data[(200 * size.widthPx + x) * 4 + 2]!;
          return { number, isColoured: redMinusBlue(100) > 40 && redMinusBlue(500) < -40 };
        };
        const start = async (video: HTMLVideoElement): Promise<void> => {
          const player = scope.mpegts.createPlayer(
            { type: 'flv', isLive: true, hasAudio: false, url },
            {
              enableStashBuffer: false,
              liveSync: true,
              liveSyncTargetLatency: 0.3,
              liveSyncMaxLatency: 0.8,
              lazyLoad: false,
            },
          );
          player.attachMediaElement(video);
          player.load();
          await player.play();
        };
        const shown = async (video: HTMLVideoElement, seconds: number): Promise<void> => {
          const until = video.currentTime + seconds;
          while (video.currentTime < until) await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        };
        const early = document.querySelector('video')!;
        await start(early);
        await shown(early, 3);
        const late = document.createElement('video');
        late.muted = true;
        document.body.append(late);
        await start(late);
        const first = numberOf(early);
        await shown(late, 8);
        return { first, early: numberOf(early), late: numberOf(late) };
      },
      { url, size: MARKED_SIZE },
    );
    await tab.close();

    expect([frames.first.isColoured, frames.early.isColoured, frames.late.isColoured]).toEqual([true, true, true]);
    expect(frames.early.number).toBeGreaterThan(frames.first.number);
    expect(Math.abs(frames.early.number - frames.late.number)).toBeLessThanOrEqual(25);
  });

  it('answers 404 for a path that no job has and for one that does not end with .flv', async () => {
    const answers = await Promise.all([fetch(url.replace('live.flv', 'other.flv')), fetch(url.replace('.flv', ''))]);

    expect(answers.map(({ ok }) => ok)).toEqual([false, false]);
  });

  it('answers HEAD without a stream', async () => {
    const answer = await fetch(url, { method: 'HEAD' });

    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/x-flv']);
    expect(server.sessions).toBe(0);
  });
});
