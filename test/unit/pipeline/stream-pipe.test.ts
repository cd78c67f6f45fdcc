import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../src/common/clock.ts';
import { StreamPipe } from '../../../src/pipeline/stream-pipe.ts';
import { anAccessUnit } from '../../helpers/access-units.ts';

/** A pipe to a reader that takes what is written when it is told to. */
function pipeToReader() {
  const clock = new SteppedClock();
  const open: (() => void)[] = [];
  const written: Uint8Array[] = [];
  const sink = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      written.push(chunk);
      open.push(done);
    },
  });
  let asked = 0;
  const pipe = new StreamPipe(sink, () => (asked += 1), clock);
  let frame = 0;
  return {
    pipe,
    written,
    asked: () => asked,
    write: (isKeyframe: boolean) => {
      pipe.write({ kind: 'access-unit', unit: anAccessUnit(frame, isKeyframe) });
      frame += 1;
      clock.advance(40_000);
    },
    read: async () => {
      while (open.length > 0) {
        open.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe('the pipe to the API process', () => {
  it('passes everything on while it is read', async () => {
    const { pipe, written, write, read, asked } = pipeToReader();
    for (let index = 0; index < 100; index += 1) {
      write(index % 50 === 0);
      await read();
    }

    expect(written).toHaveLength(100);
    expect(pipe.dropped).toBe(0);
    expect(asked()).toBe(0);
  });

  it('holds back no more than a second of pictures, however small, and goes on with a key frame', async () => {
    const { pipe, written, write, read, asked } = pipeToReader();
    for (let index = 0; index < 100; index += 1) write(index === 0);
    expect(pipe.dropped).toBeGreaterThan(70);
    expect(asked()).toBe(1);
    await read();
    const before = written.length;

    write(false);
    expect(written).toHaveLength(before);
    write(true);
    write(false);
    await read();

    expect(written).toHaveLength(before + 2);
  });
});
