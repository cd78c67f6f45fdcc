import { describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../../src/common/clock.ts';
import { SafeUrl } from '../../../../src/common/safe-url.ts';
import type { PushEnd } from '../../../../src/egress/push/push-attempt.ts';
import { Publisher } from '../../../../src/egress/push/publisher.ts';
import { StreamHub } from '../../../../src/egress/stream-hub.ts';
import { loggerOver } from '../../../../src/logging/logger.ts';
import { aFormat } from '../../../helpers/access-units.ts';

function setUp() {
  const clock = new SteppedClock();
  const hub = new StreamHub({ path: 'live', clock, requestKeyframe: () => undefined });
  const pausesMs: number[] = [];
  const attempts: { run(): void; end(end: Partial<PushEnd>): void; isClosed: boolean }[] = [];
  const log = loggerOver((_level, _message, fields) => {
    if (typeof fields['pauseMs'] === 'number') pausesMs.push(fields['pauseMs']);
  });
  const publisher = new Publisher({
    url: SafeUrl.parse('rtsp://bob:pw@host/in', ['rtsp']),
    hub,
    clock,
    log,
    random: () => 0.5,
    start: (onRunning) => {
      let end: (outcome: PushEnd) => void = () => undefined;
      const ended = new Promise<PushEnd>((resolve) => {
        end = resolve;
      });
      const attempt = {
        run: onRunning,
        end: (outcome: Partial<PushEnd>) => end({ reason: 'gone', isRefusal: false, ...outcome }),
        isClosed: false,
      };
      attempts.push(attempt);
      return {
        ended,
        close: () => {
          attempt.isClosed = true;
          attempt.end({ reason: 'closed' });
          return Promise.resolve();
        },
      };
    },
  });
  return { clock, hub, publisher, attempts, pausesMs };
}

describe('Publisher', () => {
  it('waits for the first picture before it connects', async () => {
    const { publisher, hub, attempts } = setUp();
    publisher.start();
    await Promise.resolve();
    expect([publisher.status().state, attempts.length]).toEqual(['waiting', 0]);

    hub.publish({ kind: 'format', format: aFormat() });

    await expect.poll(() => publisher.status().state).toBe('connecting');
    await publisher.close();
  });

  it('says that it runs, and why it does not', async () => {
    const { publisher, hub, attempts } = setUp();
    hub.publish({ kind: 'format', format: aFormat() });
    publisher.start();
    await expect.poll(() => attempts.length).toBe(1);

    attempts[0]!.run();
    expect(publisher.status()).toEqual({ url: 'rtsp://bob:***@host/in', state: 'running', reason: '' });
    attempts[0]!.end({ reason: 'the server takes nothing' });

    await expect.poll(() => publisher.status().state).toBe('retrying');
    expect(publisher.status().reason).toBe('the server takes nothing');
    await publisher.close();
  });

  it('tries again with growing pauses', async () => {
    const { publisher, hub, attempts, pausesMs } = setUp();
    hub.publish({ kind: 'format', format: aFormat() });
    publisher.start();
    for (let i = 0; i < 2; i += 1) {
      await expect.poll(() => attempts.length).toBe(i + 1);
      attempts[i]!.end({});
    }
    await expect.poll(() => pausesMs.length).toBe(2);

    expect(pausesMs).toEqual([500, 1000]);
    await publisher.close();
  });

  it('waits long after a refused log-in, since servers lock accounts', async () => {
    const { publisher, hub, attempts, pausesMs } = setUp();
    hub.publish({ kind: 'format', format: aFormat() });
    publisher.start();
    await expect.poll(() => attempts.length).toBe(1);

    attempts[0]!.end({ isRefusal: true });

    await expect.poll(() => pausesMs).toEqual([8000]);
    await publisher.close();
  });

  it('ends at once when it is closed, connected or pausing or waiting', async () => {
    const waiting = setUp();
    waiting.publisher.start();
    await waiting.publisher.close();

    const pausing = setUp();
    pausing.hub.publish({ kind: 'format', format: aFormat() });
    pausing.publisher.start();
    await expect.poll(() => pausing.attempts.length).toBe(1);
    pausing.attempts[0]!.end({ isRefusal: true });
    await expect.poll(() => pausing.publisher.status().state).toBe('retrying');
    await pausing.publisher.close();

    const connected = setUp();
    connected.hub.publish({ kind: 'format', format: aFormat() });
    connected.publisher.start();
    await expect.poll(() => connected.attempts.length).toBe(1);
    await Promise.all([connected.publisher.close(), connected.publisher.close()]);

    const states = [waiting, pausing, connected].map(({ publisher }) => publisher.status().state);
    expect(states).toEqual(['stopped', 'stopped', 'stopped']);
    expect(connected.attempts[0]!.isClosed).toBe(true);
  });

  it('stops when the stream ends', async () => {
    const { publisher, hub } = setUp();
    publisher.start();

    hub.close('the job was deleted');

    await expect.poll(() => publisher.status().state).toBe('stopped');
  });
});
