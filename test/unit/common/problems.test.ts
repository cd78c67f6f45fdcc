import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isProblemType, problems, type Problem, type ProblemType } from '../../../src/common/problems.ts';
import { SeamlineError } from '../../../src/common/seamline-error.ts';

const names = Object.keys(problems) as ProblemType[];

describe('the registry of problems', () => {
  it('and docs/problems.md have the same types, statuses and titles', () => {
    const text = readFileSync(new URL('../../../docs/problems.md', import.meta.url), 'utf8');
    const sections = [...text.matchAll(/^## (\S+)\n\n\*\*(\d{3})\*\* · (.+?)( · may be tried again)?\n/gm)];

    const documented = sections.map(([, name, status, title, again]) => [
      name,
      Number(status),
      title,
      again !== undefined,
    ]);
    const registered = Object.entries<Problem>(problems).map(([name, { status, title, retryable }]) => [
      name,
      status,
      title,
      retryable === true,
    ]);
    expect(documented).toEqual(registered);
  });

  it('tells its own names from others', () => {
    expect(names.every(isProblemType)).toBe(true);
    expect(['', 'toString', '__proto__', undefined, 7].some(isProblemType)).toBe(false);
  });
});

describe('the error', () => {
  it.each(names)('%s crosses processes unchanged', (type) => {
    const error = new SeamlineError(type, 'check this', {
      camera: 1,
      errors: [{ field: 'url2', message: 'is wrong' }],
    });

    const again = SeamlineError.fromProblem(JSON.parse(JSON.stringify(error.toProblem())));

    expect(again.toProblem()).toEqual(error.toProblem());
    expect([again.status, again.retryable, again.message]).toEqual([error.status, error.retryable, 'check this']);
  });

  it('keeps its cause and leaves out what it does not have', () => {
    const cause = new Error('below');
    const error = new SeamlineError('timeout', 'late', { cause });

    expect(error.cause).toBe(cause);
    expect(Object.keys(error.toProblem())).toEqual(['type', 'title', 'status', 'detail']);
  });

  it('is not made from a type that is not registered', () => {
    const problem = { type: '/problems/made-up', title: 'x', status: 500, detail: 'x' };

    expect(() => SeamlineError.fromProblem(problem)).toThrow(/unknown problem type/);
  });
});
