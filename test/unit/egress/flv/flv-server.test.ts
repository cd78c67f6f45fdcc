import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../../src/common/clock.ts';
import { FlvServer } from '../../../../src/egress/flv/server.ts';
import { StreamRegistry } from '../../../../src/egress/stream-registry.ts';
import { silentLogger } from '../../../../src/logging/logger.ts';
import { FlvReader, type FlvTag } from '../../../../src/media/flv/flv-reader.ts';
import { aFormat, anAccessUnit } from '../../../helpers/access-units.ts';

const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function setUp() {
  const clock = new SteppedClock(1e9);
  const registry = new StreamRegistry(clock);
  const hub = registry.open('live', () => undefined);
  hub.publish({ kind: 'format', format: aFormat() });
  const flv = new FlvServer({
    registry,
    log: silentLogger,
    maxQueuedBytes: 64 * 1024,
    maxSessions: 4,
    formatTimeoutMs: 20,
  });
  const http = createServer((_request, response) => flv.serve('live', response, { 'x-extra': '1' }, 'tester'));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  opened.push(() => http.close());
  const { port } = http.address() as { readonly port: number };
  let frame = 0;
  return {
    clock,
    registry,
    hub,
    flv,
    publish: (count: number, startsWithKeyframe: boolean, bytes = 100) => {
      for (let i = 0; i < count; i += 1) {
        hub.publish({ kind: 'access-unit', unit: anAccessUnit(frame, startsWithKeyframe && i === 0, bytes) });
        frame += 1;
        clock.advance(40_000);
      }
    },
    read: async (): Promise<{ response: IncomingMessage; tags: FlvTag[] }> => {
      const request = get({ host: '127.0.0.1', port });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      opened.push(() => request.destroy());
      const reader = new FlvReader();
      const tags: FlvTag[] = [];
      response.on('data', (chunk: Uint8Array) => tags.push(...reader.push(chunk)));
      response.on('error', () => undefined);
      return { response, tags };
    },
  };
}

describe('FlvServer', () => {
  it('begins with metadata, parameter sets and a key frame, at time 0 whenever one joins', async () => {
    const { publish, read } = await setUp();
    publish(50, true);
    publish(2, true);

    const { tags } = await read();
    await expect.poll(() => tags.length).toBe(4);

    expect(tags.map(({ type, timestampMs }) => [type, timestampMs])).toEqual([
      [18, 0],
      [9, 0],
      [9, 0],
      [9, 40],
    ]);
    expect(tags.slice(1).map(({ body }) => [body[0], body[1]])).toEqual([
      [0x17, 0],
      [0x17, 1],
      [0x27, 1],
    ]);
  });

  it('sends new parameter sets in the middle when the job was restarted', async () => {
    const { publish, read, hub } = await setUp();
    publish(1, true);
    const { tags } = await read();
    await expect.poll(() => tags.length).toBe(3);

    hub.publish({ kind: 'format', format: aFormat({ widthPx: 1280 }) });
    publish(1, true);
    await expect.poll(() => tags.length).toBe(6);

    expect(tags.slice(3).map(({ type, timestampMs }) => [type, timestampMs])).toEqual([
      [18, 40],
      [9, 40],
      [9, 40],
    ]);
  });

  it('skips a reader that stalls, gives it up in the end, and the others never notice', async () => {
    const { publish, read, hub, flv, clock } = await setUp();
    publish(1, true);
    const stalled = await read();
    const quick = await read();
    await expect.poll(() => hub.readers).toBe(2);
    stalled.response.pause();

    for (let i = 0; i < 250; i += 1) {
      const { length } = quick.tags;
      publish(1, i % 50 === 0, 50_000);
      clock.advance(160_000);
      await expect.poll(() => quick.tags.length, { interval: 1 }).toBeGreaterThan(length);
    }

    expect(quick.tags.length).toBe(3 + 250);
    expect(hub.counters.expelled).toBe(1);
    expect(flv.sessions).toBe(1);
  });

  it('ends the answer when the job ends', async () => {
    const { publish, read, registry, flv } = await setUp();
    publish(1, true);
    const { response, tags } = await read();
    await expect.poll(() => tags.length).toBe(3);

    registry.close('live');
    await once(response, 'end');

    expect(flv.sessions).toBe(0);
  });

  it('forgets a reader that leaves', async () => {
    const { publish, read, hub, flv } = await setUp();
    publish(1, true);
    const { response } = await read();
    await expect.poll(() => hub.readers).toBe(1);

    response.destroy();

    await expect.poll(() => [hub.readers, flv.sessions]).toEqual([0, 0]);
  });

  it('says what is missing before anything is sent', async () => {
    const { flv, read, registry, publish } = await setUp();
    registry.open('silent', () => undefined);

    await expect(flv.prepare('nobody')).rejects.toMatchObject({ type: 'stream-not-found' });
    await expect(flv.prepare('silent')).rejects.toMatchObject({ type: 'timeout' });
    publish(1, true);
    for (let i = 0; i < 4; i += 1) await read();
    await expect(flv.prepare('live')).rejects.toMatchObject({ type: 'too-many-requests' });
  });

  it('ends every reader when it is closed', async () => {
    const { publish, read, flv, hub } = await setUp();
    publish(1, true);
    const { response } = await read();
    response.resume();

    await flv.close();
    await once(response, 'end');

    expect(hub.readers).toBe(0);
  });
});
