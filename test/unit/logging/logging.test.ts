import { PassThrough } from 'node:stream';
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SafeUrl } from '../../../src/common/safe-url.ts';
import { createLogger, loggerOver } from '../../../src/logging/logger.ts';
import { NestLogger } from '../../../src/logging/nest-logger.ts';
import { redact } from '../../../src/logging/redaction.ts';

const CANARY = 'cAnaRy7';
const ADDRESS = `rtsp://admin:${CANARY}@10.0.0.1/a`;

function logged(act: (logger: ReturnType<typeof createLogger>) => void, level = 'trace'): Record<string, unknown>[] {
  const lines: string[] = [];
  act(createLogger({ level, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a log line', () => {
  it('is one object with level, time, constant text and fields', () => {
    const [line] = logged((logger) => logger.child({ jobId: 'j1' }).warn('frames dropped', { count: 3 }));

    expect(line).toMatchObject({ level: 'warn', msg: 'frames dropped', jobId: 'j1', count: 3 });
    expect(Date.parse(String(line?.['time']))).toBeGreaterThan(0);
    expect(line).not.toHaveProperty('hostname');
  });

  it('is left out below the level, without looking at its fields', () => {
    let looked = false;
    const fields = {
      get reason() {
        looked = true;
        return 'x';
      },
    };
    const lines = logged((logger) => {
      logger.debug('too fine', fields);
      logger.error('kept');
    }, 'info');

    expect(lines.map((line) => line['msg'])).toEqual(['kept']);
    expect(looked).toBe(false);
  });

  it('hides passwords wherever they stand: text, fields, lists, errors with stack and cause', () => {
    const error = new Error(`cannot open ${ADDRESS}`, { cause: new Error(`because of ${ADDRESS}`) });
    const text = JSON.stringify(
      logged((logger) => {
        logger.child({ source: ADDRESS }).info(`opening ${ADDRESS}`, {
          deep: { deeper: [{ url: ADDRESS }, ADDRESS] },
          safe: SafeUrl.parse(ADDRESS, ['rtsp']),
          err: error,
          password: CANARY,
          headers: { authorization: `Bearer ${CANARY}` },
          adminToken: CANARY,
        });
      }),
    );

    expect(text).not.toContain(CANARY);
    expect(text).toContain('admin:***@10.0.0.1');
    expect(text).toContain('because of');
  });

  it('hides them in what the framework says too', () => {
    const text = JSON.stringify(
      logged((logger) => {
        const nest = new NestLogger(logger);
        nest.error(new Error(ADDRESS), 'stack', 'Context');
        nest.log(`mapped ${ADDRESS}`, 'Router');
        for (const level of ['fatal', 'warn', 'debug', 'verbose'] as const) nest[level](ADDRESS);
      }),
    );

    expect(text).not.toContain(CANARY);
    expect(text).toContain('"context":"Router"');
  });
});

describe('redaction', () => {
  it('bounds depth, length and what cannot be printed', () => {
    const loop: Record<string, unknown> = { bytes: new Uint8Array(1000), act: () => 1, big: 10n };
    loop['self'] = loop;

    const text = JSON.stringify(redact({ loop, long: 'x'.repeat(100_000), many: Array(1000).fill(1) }));

    expect(text.length).toBeLessThan(20_000);
    expect(text).toContain('[1000 bytes]');
    expect(text).toContain('[…]');
  });

  it('never throws and keeps plain texts as they are', () => {
    assert(
      property(string(), (text) => {
        if (/[:?&]/.test(text)) redact(text);
        else expect(redact(text)).toBe(text);
      }),
    );
  });
});

it('writes to any sink, after redaction', () => {
  const sink = new PassThrough();
  loggerOver((level, message, fields) => sink.end(`${level} ${message} ${JSON.stringify(fields)}`)).error(ADDRESS);

  expect(String(sink.read())).toBe('error rtsp://admin:***@10.0.0.1/a {}');
});
