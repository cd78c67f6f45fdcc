import { execFile } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logging/logger.ts';
import { LogOutput } from '../../../src/logging/log-output.ts';

describe('where lines are logged', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'seamline-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('a full disk costs lines and nothing else', () => {
    const fd = openSync('/dev/full', 'w');
    const log = createLogger({ level: 'info', destination: new LogOutput(fd) });

    expect(() => {
      for (let line = 0; line < 1000; line += 1) log.info('job state changed', { count: line });
    }).not.toThrow();

    closeSync(fd);
  });

  it('tells how many were lost once there is room again', () => {
    const path = join(folder, 'log');
    symlinkSync('/dev/full', path);
    const fd = openSync(path, 'w');
    const output = new LogOutput(fd);
    output.write('{"msg":"first"}\n');
    output.write('{"msg":"second"}\n');
    expect(output).toMatchObject({ lostLines: 2, isLosing: true });

    // The same descriptor now leads to a file with room, as after somebody has tidied up.
    closeSync(fd);
    unlinkSync(path);
    expect(openSync(path, 'w')).toBe(fd);
    output.write('{"msg":"third"}\n');
    closeSync(fd);
    expect(output).toMatchObject({ lostLines: 2, isLosing: false });

    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'warn', count: 2, msg: 'log lines were lost' },
      { msg: 'third' },
    ]);
  });

  it('a reader that takes nothing does not stop the process', async () => {
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    // Opened for reading and writing it needs no other end; nobody reads until it is full.
    const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const output = new LogOutput(fd);
    for (let line = 0; line < 12; line += 1) output.write(`${'x'.repeat(9999)}\n`);

    const first = readAll(fd);
    output.write('{"msg":"read again"}\n');
    const then = readAll(fd);

    closeSync(fd);
    expect(first.length).toBeGreaterThan(40_000);
    expect(then).toMatch(/^\n?{"level":"warn".*"count":[6-9],"msg":"log lines were lost"}\n{"msg":"read again"}\n$/);
  });
});

/** Everything that lies in a pipe. */
function readAll(fd: number): string {
  const bytes = Buffer.alloc(1 << 20);
  return bytes.subarray(0, readSync(fd, bytes)).toString();
}
