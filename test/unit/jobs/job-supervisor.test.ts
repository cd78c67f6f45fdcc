import { afterEach, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import type { StreamItem } from '../../../src/contract/access-unit.ts';
import { JobSupervisor, type SupervisorOptions } from '../../../src/jobs/job-supervisor.ts';
import { LocalRunner } from '../../../src/jobs/runner/local-runner.ts';
import { loggerOver } from '../../../src/logging/logger.ts';
import { FAKE_PIPELINE } from '../../helpers/api.ts';
import { aJobSpec, somePipelineSettings } from '../../helpers/job-facts.ts';

interface Running {
  readonly supervisor: JobSupervisor;
  readonly items: StreamItem[];
  readonly closed: string[];
  readonly log: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  until<T>(read: () => T): Promise<NonNullable<T>>;
}

const started: JobSupervisor[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.stop()));
});

/** A supervised fake job that behaves as its name says. */
function run(behaviour: string, overrides: Partial<SupervisorOptions> = {}, helloTimeoutMs = 60_000): Running {
  const items: StreamItem[] = [];
  const closed: string[] = [];
  const log: Running['log'] = [];
  const lookers = new Set<() => void>();
  const look = (): void => lookers.forEach((looker) => looker());
  const supervisor = new JobSupervisor(aJobSpec({ name: behaviour }), {
    runner: new LocalRunner({ entry: FAKE_PIPELINE, stopTimeoutMs: 300, helloTimeoutMs }),
    settings: () => somePipelineSettings(),
    clock: monotonicClock,
    random: () => 0,
    logger: loggerOver((_level, message, fields) => log.push({ message, fields })),
    startTimeoutMs: 60_000,
    silenceTimeoutMs: 60_000,
    onItem: (item) => {
      items.push(item);
      look();
    },
    onClosed: (reason) => closed.push(reason),
    onChange: look,
    ...overrides,
  });
  started.push(supervisor);
  supervisor.start();
  const until: Running['until'] = (read) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not reached: ${JSON.stringify(supervisor.state)}`)), 50_000);
      const looker = (): void => {
        const value = read();
        if (!value) return;
        lookers.delete(looker);
        clearTimeout(timer);
        resolve(value);
      };
      lookers.add(looker);
      looker();
    });
  return { supervisor, items, closed, log, until };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a supervised job', () => {
  it('runs, and its encoded pictures arrive', async () => {
    const { until, items, supervisor } = run('well');

    await until(() => supervisor.state.phase === 'running' && items.length > 3);

    expect(items[0]).toMatchObject({ kind: 'format', format: { widthPx: 1600, heightPx: 720, fps: 25 } });
    expect(items[1]).toMatchObject({ kind: 'access-unit', unit: { isKeyframe: true, ptsTicks: 3600 } });
  });

  it('gives a key frame when it is asked for one', async () => {
    const { until, items, supervisor } = run('well');
    await until(() => items.length > 3);
    const before = items.length;

    supervisor.requestKeyframe();

    await until(() => items.slice(before).some((item) => item.kind === 'access-unit' && item.unit.isKeyframe));
  });

  it('is started again when its process is killed, with its outputs open all the time', async () => {
    const { until, closed, items, supervisor } = run('well');
    await until(() => supervisor.state.phase === 'running');
    const first = supervisor.handle?.pid ?? 0;

    process.kill(first, 'SIGKILL');
    await until(() => supervisor.state.phase === 'degraded');
    const reason = supervisor.state.reasons[0];
    const before = items.length;
    await until(() => supervisor.state.phase === 'running' && items.length > before);

    expect(reason).toContain('SIGKILL');
    expect(supervisor.handle?.pid).not.toBe(first);
    expect(supervisor.state.restarts).toBe(1);
    expect(closed).toEqual([]);
  });

  it('keeps the size of its output when its process is started again, and its description', async () => {
    const { until, items, supervisor } = run('sizes-anew');
    const sizes = () =>
      items.flatMap((item) => (item.kind === 'format' ? [`${item.format.widthPx} × ${item.format.heightPx}`] : []));

    for (const count of [1, 2, 3]) {
      await until(() => sizes().length === count && supervisor.state.phase === 'running');
      if (count < 3) process.kill(supervisor.handle?.pid ?? 0, 'SIGKILL');
    }

    expect(new Set(sizes()).size).toBe(1);
    expect(supervisor.spec).toEqual(aJobSpec({ name: 'sizes-anew' }));
  });

  it('is started again with the exit code in its reasons when it exits', async () => {
    const { until, supervisor } = run('exits-7');

    await until(() => supervisor.state.restarts >= 2);

    expect(supervisor.state.phase).toBe('starting');
    expect(supervisor.state.reasons[0]).toContain('exit code 7');
  });

  it('fails for good when its process says what trying again cannot mend', async () => {
    const { until, closed, supervisor } = run('fails');

    await until(() => supervisor.state.phase === 'failed');

    expect(supervisor.state.failure).toMatchObject({ type: '/problems/model-invalid' });
    expect(closed).toEqual(['the job failed: no such bundle']);
  });

  it('is started again when its process says what may mend itself', async () => {
    const { until, supervisor } = run('fails-for-now');

    await until(() => supervisor.state.restarts >= 1);

    expect(supervisor.state.reasons[0]).toContain('ffmpeg ended');
  });

  it.each([
    ['says nothing', 'silent', { startTimeoutMs: 500 }],
    ['stalls', 'stalls', { silenceTimeoutMs: 600 }],
  ])('is replaced when its process %s', async (_what, behaviour, timeouts) => {
    const { until, supervisor } = run(behaviour, timeouts);

    await until(() => supervisor.state.restarts >= 1);

    expect(supervisor.state.reasons[0]).toContain('SIGKILL');
  });

  it('is replaced when its process never says hello', async () => {
    const { until, supervisor } = run('well', {}, 1);

    await until(() => supervisor.state.restarts >= 1);

    expect(supervisor.state.reasons[0]).toContain('no hello within 1 ms');
  });

  it('is replaced when its stream cannot be read', async () => {
    const { until, supervisor } = run('broken-stream');

    await until(() => supervisor.state.restarts >= 1);

    expect(supervisor.state.reasons[0]).toContain('its stream is broken');
  });

  it('cannot flood the log', async () => {
    const { until, log, supervisor } = run('floods');

    await until(() => supervisor.state.phase === 'running');

    const lines = log.filter((line) => line.message === 'frames dropped').length;
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThan(1000);
    expect(log.map((line) => line.message)).toContain('lines of a job process dropped');
  });
});

describe('stopping', () => {
  it.each(['well', 'ignores-stop', 'ignores-sigterm', 'silent', 'exits-7'])(
    'a job that is "%s" leaves no process behind',
    async (behaviour) => {
      const { until, closed, supervisor } = run(behaviour);
      const isUp = (): boolean => ['silent', 'exits-7'].includes(behaviour) || supervisor.state.phase === 'running';
      await until(() => isUp() && supervisor.handle?.pid);
      const pid = supervisor.handle?.pid ?? 0;

      await Promise.all([supervisor.stop(), supervisor.stop()]);

      expect(isAlive(pid)).toBe(false);
      expect(supervisor.state.phase).toBe('stopped');
      expect(closed).toHaveLength(1);
    },
  );

  it('ends what the process started in its group too, also after kill −9', async () => {
    const { until, supervisor } = run('has-child');
    const pid = await until(() => (supervisor.state.phase === 'running' ? supervisor.handle?.pid : 0));
    const { handle } = supervisor;
    const groupIsAlive = (): boolean => isAlive(-pid);
    expect(groupIsAlive()).toBe(true);

    process.kill(pid, 'SIGKILL');
    await handle?.exited;
    await supervisor.stop();

    await expect.poll(groupIsAlive, { interval: 20 }).toBe(false);
  });

  it('a job between two starts does not start again', async () => {
    const { until, supervisor } = run('exits-7', { random: () => 1 });
    await until(() => supervisor.state.restarts === 1);

    await supervisor.stop();

    expect(supervisor.handle).toBeUndefined();
    expect(supervisor.state.phase).toBe('stopped');
  });
});
