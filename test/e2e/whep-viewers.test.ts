import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../src/common/clock.ts';
import { RtspServer } from '../../src/egress/rtsp/server.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { median } from '../helpers/alignment-error.ts';
import { LivePanorama } from '../helpers/live-panorama.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, SeamlineServer, type JobView } from '../helpers/seamline-server.ts';

let cameras: LivePanorama;
let cameraServer: RtspServer;
let server: SeamlineServer;
let browser: Browser;
let job: JobView;

/** Runs in a page of the server's own origin: plays by WHEP and gives the mean brightness left and right of the middle,
 * where the picture is also when the output was sized for views beside each other. */
const WATCH = `(async (url) => {
  const connection = new RTCPeerConnection();
  connection.addTransceiver('video', { direction: 'recvonly' });
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  connection.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); void video.play(); };
  await connection.setLocalDescription(await connection.createOffer());
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: connection.localDescription.sdp });
  await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  const looks = [];
  const until = performance.now() + 120000;
  while (looks.length < 30 && performance.now() < until) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const canvas = document.createElement('canvas');
    canvas.width = 64;
    canvas.height = 16;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 64, 16);
    const { data } = context.getImageData(0, 0, 64, 16);
    const mean = (from, to) => {
      let sum = 0;
      for (let y = 4; y < 12; y += 1) for (let x = from; x < to; x += 1) sum += data[(y * 64 + x) * 4 + 1];
      return sum / (8 * (to - from));
    };
    looks.push({ left: mean(20, 30), right: mean(34, 44), print: data.slice(0, 2048).join() });
  }
  return { looks: looks.map(({ left, right }) => ({ left, right })), pictures: new Set(looks.map(({ print }) => print)).size, size: video.videoWidth };
})`;

beforeAll(async () => {
  cameras = await LivePanorama.start('camera', 2000);
  const options = { host: '127.0.0.1', port: 0, udpPort: 0, registry: cameras.registry, clock: monotonicClock };
  cameraServer = new RtspServer({ ...options, log: silentLogger });
  await cameraServer.listen();
  server = await SeamlineServer.start();
  const camera = `rtsp://127.0.0.1:${cameraServer.port}/camera`;
  job = await server.stitch({
    url1: camera,
    url2: `${camera}?second`,
    output_url: `rtsp://127.0.0.1:${server.rtspPort}/site/roof`,
  });
  await server.waitForState(job.id, ['running', 'degraded'], 60_000);
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await cameraServer?.close();
  await cameras?.close();
});

describe('viewers of a running stitch', () => {
  it('see both views move in a browser by WHEP', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/health/live`);

    const seen = await page.evaluate(`${WATCH}('/whep/site/roof')`);

    const { looks, pictures, size } = seen as {
      looks: { left: number; right: number }[];
      pictures: number;
      size: number;
    };
    expect(looks).toHaveLength(30);
    expect(pictures).toBeGreaterThan(15);
    expect(size).toBeGreaterThan(320);
    // A busy machine may lose a camera for a moment, and its view is dark then.
    expect(median(looks.map(({ left }) => left))).toBeGreaterThan(40);
    expect(median(looks.map(({ right }) => right))).toBeGreaterThan(40);
    await page.close();
  });

  it('get the same stream by HTTP-FLV and by RTSP, under the same path', async () => {
    const sizes = await Promise.all(
      [`${server.url}/live/site/roof.flv`, server.rtsp('site/roof')].map(async (url) => {
        const show = ['-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0'];
        return (await runProgram('ffprobe', ['-v', 'error', ...show, url])).stdout.toString().trim();
      }),
    );

    expect(sizes[0]).toMatch(/^h264,\d+,\d+$/);
    expect(sizes[1]).toBe(sizes[0]);
  });

  it('are counted while they watch, and no longer when they have left', async () => {
    const watching = runProgram('ffmpeg', [
      '-v',
      'error',
      '-i',
      server.rtsp('site/roof'),
      '-t',
      '3',
      '-f',
      'null',
      '-',
    ]);
    const rtspViewers = async (): Promise<unknown> => {
      const { viewers } = (await server.job(job.id)) as JobView & { viewers: { rtsp: number } };
      return viewers.rtsp;
    };

    await eventually('the viewer', 20_000, async () => ((await rtspViewers()) === 1 ? true : undefined));
    await watching;
    await eventually('the end of the viewer', 20_000, async () => ((await rtspViewers()) === 0 ? true : undefined));
  });

  it('see their streams end when the job is deleted, and find nothing afterwards', async () => {
    const playing = [`${server.url}/live/site/roof.flv`, server.rtsp('site/roof')].map((url) =>
      runProgram('ffmpeg', ['-v', 'error', '-i', url, '-f', 'null', '-']),
    );
    await eventually('both viewers', 20_000, async () => {
      const { viewers } = (await server.job(job.id)) as JobView & { viewers: { rtsp: number; flv: number } };
      return viewers.rtsp + viewers.flv === 2 ? true : undefined;
    });

    const answer = await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' });
    const exits = await Promise.all(playing);

    expect(answer.status).toBe(204);
    expect(exits.map(({ exitCode }) => exitCode)).not.toContain(null);
    expect((await fetch(`${server.url}/live/site/roof.flv`)).status).toBe(404);
    expect(
      (
        await fetch(`${server.url}/whep/site/roof`, {
          method: 'POST',
          headers: { 'content-type': 'application/sdp' },
          body: 'v=0\r\n',
        })
      ).status,
    ).toBe(404);
  });
});
