import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventStream } from '../../../src/jobs/event-stream.ts';
import { A_STITCH, startApi, type TestApi } from '../../helpers/api.ts';

let api: TestApi;
let base: string;

beforeEach(async () => {
  api = await startApi();
  await api.app.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${(api.app.getHttpServer().address() as AddressInfo).port}`;
});

afterEach(async () => {
  await api.close();
});

interface ServerEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads server-sent events until `isEnough`, with the answer's headers. */
async function readEvents(path: string, isEnough: (events: ServerEvent[]) => boolean): Promise<ServerEvent[]> {
  const abort = AbortSignal.timeout(10_000);
  const answer = await fetch(base + path, { signal: abort });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const events: ServerEvent[] = [];
  let rest = '';
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    rest += new TextDecoder().decode(chunk);
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined) events.push({ event, data: JSON.parse(data ?? '') as Record<string, unknown> });
    }
    if (isEnough(events)) return events;
  }
  return events;
}

it('tells the states of a job, fresh figures, and at last that it is gone', async () => {
  const { body } = await api.call('POST', '/stitch', A_STITCH);
  const url = `/stitch/${String(body['id'])}`;
  let isDeleting = false;

  const events = await readEvents(`${url}/events`, (seen) => {
    if (!isDeleting && seen.filter(({ data }) => data['state'] === 'running').length > 1) {
      isDeleting = true;
      void api.call('DELETE', url);
    }
    return false;
  });

  expect(events[0]?.event).toBe('job');
  expect(events.map(({ data }) => data['state'])).toContain('running');
  expect(events.at(-1)).toEqual({ event: 'gone', data: { id: body['id'] } });
});

it('tells of all jobs at once', async () => {
  await api.call('POST', '/stitch', A_STITCH);

  const events = await readEvents('/stitch/events', (seen) => seen.length > 1);

  expect(events[0]).toMatchObject({ event: 'jobs', data: { jobs: [{ url1: A_STITCH.url1 }] } });
});

it('answers 404 for a job that is not there', async () => {
  const answer = await api.call('GET', '/stitch/nope/events');

  expect(answer.status).toBe(404);
});

it('forgets a client that has left', async () => {
  await api.call('POST', '/stitch', A_STITCH);
  await readEvents('/stitch/events', (seen) => seen.length > 0);

  await expect.poll(() => api.jobs.events.listenerCount('change')).toBe(0);
});

it('leaves events out for a client that does not read, and never waits for it', () => {
  let ended = 0;
  const events = new EventStream(
    () => ({ event: 'job', data: 'x'.repeat(200_000) }),
    () => {
      ended += 1;
    },
  );

  for (let count = 0; count < 50; count += 1) {
    events.notify();
  }

  expect(events.stream.readableLength).toBeLessThan(600_000);
  events.stream.destroy();
  events.stream.once('close', () => expect(ended).toBe(1));
});
