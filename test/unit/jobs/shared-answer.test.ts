import { describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../src/common/clock.ts';
import { SharedAnswer } from '../../../src/jobs/shared-answer.ts';

function setUp() {
  const clock = new SteppedClock();
  const shared = new SharedAnswer<number>(clock, 500);
  const asked: string[] = [];
  const ask = (key: string): Promise<number> =>
    shared.get(key, async () => {
      asked.push(key);
      return asked.length;
    });
  return { clock, shared, asked, ask };
}

describe('a shared answer', () => {
  it('is given to all who ask meanwhile and shortly after', async () => {
    const { clock, asked, ask } = setUp();

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('a')));
    clock.advance(400_000);
    answers.push(await ask('a'));

    expect(new Set(answers)).toEqual(new Set([1]));
    expect(asked).toEqual(['a']);
  });

  it('is asked for anew when it is old, and for each key by itself', async () => {
    const { clock, asked, ask } = setUp();
    await Promise.all([ask('a'), ask('b')]);

    clock.advance(500_000);
    await ask('a');

    expect(asked).toEqual(['a', 'b', 'a']);
  });

  it('is not kept when it is an error', async () => {
    const { shared, ask } = setUp();
    await expect(shared.get('a', () => Promise.reject(new Error('not yet')))).rejects.toThrow('not yet');

    expect(await ask('a')).toBe(1);
  });
});
