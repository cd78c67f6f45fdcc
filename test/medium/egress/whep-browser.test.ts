import { createServer, type Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import { WebRtcServer } from '../../../src/egress/webrtc/server.ts';
import { allowEveryOrigin } from '../../../src/egress/webrtc/whep-cors.ts';
import { WHEP_LINKS } from '../../../src/egress/webrtc/whep-links.ts';
import { WhepController } from '../../../src/egress/webrtc/whep.controller.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { serveController } from '../../helpers/egress-http.ts';
import { LivePanorama, MARKED_SIZE } from '../../helpers/live-panorama.ts';

let live: LivePanorama;
let server: WebRtcServer;
let app: NestFastifyApplication;
let whep: string;
let browser: Browser;
let pages: Server;
let page: Page;

/** Runs in the page: plays by WHEP as any page would, and tells what is seen. */
const PLAYER = `
window.sessions = [];
window.play = async (url) => {
  const connection = new RTCPeerConnection();
  connection.addTransceiver('video', { direction: 'recvonly' });
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  document.body.append(video);
  connection.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); void video.play(); };
  await connection.setLocalDescription(await connection.createOffer());
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: connection.localDescription.sdp });
  const session = { connection, video, status: answer.status, location: answer.headers.get('location'), sdp: await answer.text() };
  await connection.setRemoteDescription({ type: 'answer', sdp: session.sdp });
  sessions.push(session);
  return sessions.length - 1;
};
window.frame = (index) => new Promise((resolve) => {
  const { video } = sessions[index];
  video.requestVideoFrameCallback(() => {
    const [w, h] = [${MARKED_SIZE.widthPx}, ${MARKED_SIZE.heightPx}];
    const canvas = document.createElement('canvas');
    canvas.width = w;
    canvas.height = h;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, w, h);
    const { data } = context.getImageData(0, 0, w, h);
    let number = 0;
    for (let bit = 0; bit < 16; bit += 1) if (data[(16 * w + (bit + 0.5) * w / 16) * 4] > 126) number |= 1 << bit;
    const redness = (x) => data[(200 * w + x) * 4] - data[(200 * w + x) * 4 + 2];
    resolve({ number, isColoured: redness(100) > 40 && redness(500) < -40, width: video.videoWidth });
  });
});
window.stat = async (index, type) => {
  for (const entry of (await sessions[index].connection.getStats()).values()) if (entry.type === type) return { ...entry };
};
`;

interface Scope {
  play(url: string): Promise<number>;
  frame(index: number): Promise<{ number: number; isColoured: boolean; width: number }>;
  stat(index: number, type: string): Promise<Record<string, unknown>>;
  sessions: { status: number; location: string; sdp: string; connection: RTCPeerConnection }[];
}
declare const play: Scope['play'];
declare const frame: Scope['frame'];
declare const stat: Scope['stat'];
declare const sessions: Scope['sessions'];

beforeAll(async () => {
  live = await LivePanorama.start();
  const publicAddresses = (): Promise<string[]> => Promise.resolve(['203.0.113.7']);
  server = new WebRtcServer({
    host: '0.0.0.0',
    port: 0,
    registry: live.registry,
    clock: monotonicClock,
    log: silentLogger,
    publicAddresses,
  });
  await server.listen();
  const served = await serveController(
    WhepController,
    [
      { provide: WebRtcServer, useValue: server },
      { provide: WHEP_LINKS, useValue: ['<stun:stun.example.org:3478>; rel="ice-server"'] },
    ],
    allowEveryOrigin,
  );
  app = served.app;
  whep = `http://127.0.0.1:${served.port}/whep/live`;
  pages = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<body></body>'));
  await new Promise<void>((resolve) => {
    pages.listen(0, '127.0.0.1', resolve);
  });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(pages.address() as { port: number }).port}/`);
  await page.evaluate(PLAYER);
});

afterAll(async () => {
  await browser?.close();
  pages?.close();
  await server?.close();
  await app?.close();
  await live?.close();
});

/** One more viewer, who sees pictures already. */
async function watch(): Promise<number> {
  const index = await page.evaluate((url) => play(url), whep);
  await page.evaluate((at) => frame(at), index);
  return index;
}

describe('WHEP in Chromium, from a page of another origin', () => {
  it('shows pictures that move, in their colours, close to the newest', async () => {
    const index = await watch();
    const first = await page.evaluate((at) => frame(at), index);
    await expect
      .poll(async () => (await page.evaluate((at) => frame(at), index)).number)
      .toBeGreaterThan(first.number + 50);
    const shown = await page.evaluate((at) => frame(at), index);

    expect(shown).toMatchObject({ isColoured: true, width: MARKED_SIZE.widthPx });
    // The way from the page to here takes its time on a busy machine, so that one look is not enough.
    await expect
      .poll(async () => live.number - (await page.evaluate((at) => frame(at), index)).number)
      .toBeLessThan(25);
  });

  it('answers with a location, the ICE servers, a public candidate and no playout delay', async () => {
    const index = await watch();
    const { status, location, sdp } = await page.evaluate((at) => {
      const { status, location, sdp } = sessions[at]!;
      return { status, location, sdp };
    }, index);

    expect([status, location]).toEqual([201, expect.stringMatching(/^\/whep\/live\/[0-9a-f]{32}$/)]);
    expect(sdp).toMatch(/a=candidate:\S+ 1 udp \d+ 203\.0\.113\.7 \d+ typ host/);
    expect(sdp).toContain('a=ice-lite');
    expect(sdp).toContain('a=setup:passive');
    expect(sdp).toContain('playout-delay');
    expect((await page.evaluate((at) => stat(at, 'transport'), index))['srtpCipher']).toContain('GCM');
  });

  it('ends a session on DELETE, once', async () => {
    const location = await page.evaluate((at) => sessions[at]!.location, await watch());
    const resource = new URL(location, whep);
    const before = server.sessions;

    const trickle = await fetch(resource, {
      method: 'PATCH',
      headers: { 'content-type': 'application/trickle-ice-sdpfrag' },
      body: 'a=end-of-candidates\r\n',
    });
    const answers = [await fetch(resource, { method: 'DELETE' }), await fetch(resource, { method: 'DELETE' })];

    expect([trickle.status, answers[0]!.status, answers[1]!.ok]).toEqual([204, 204, false]);
    expect(server.sessions).toBe(before - 1);
  });

  it('lets pages of other origins ask, read the location and see refusals', async () => {
    const preflight = await fetch(whep, { method: 'OPTIONS' });
    const refusal = await fetch(whep.replace('live', 'other'), {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: 'v=0\r\n',
    });

    expect([preflight.status, preflight.headers.get('access-control-expose-headers')]).toEqual([
      204,
      expect.stringContaining('location'),
    ]);
    expect([refusal.ok, refusal.headers.get('access-control-allow-origin')]).toEqual([false, '*']);
  });

  it('serves twenty viewers at once', async () => {
    const before = server.sessions;
    const indexes = await page.evaluate(async (url) => {
      const started: number[] = [];
      for (let i = 0; i < 20; i += 1) started.push(await play(url));
      return started;
    }, whep);

    const frames = await page.evaluate((all) => Promise.all(all.map((index) => frame(index))), indexes);

    expect(frames.map(({ isColoured }) => isColoured)).toEqual(frames.map(() => true));
    expect(server.sessions).toBe(before + 20);
  });

  it('removes sessions whose viewer is gone without a word', async () => {
    await page.evaluate(() => {
      for (const { connection } of sessions) connection.close();
    });

    await expect.poll(() => server.sessions, { timeout: 60_000 }).toBe(0);
    expect(live.hub.readersByProtocol().webrtc).toBe(0);
  });
});
