import { defineConfig } from 'vitest/config';

/** How long `expect.poll` asks, ms: its own second is short for a machine that has other things to do. */
const expectations = { poll: { timeout: 30_000 } };

const tier = (name: string, options: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: './test/temporary-folder.ts',
    expect: expectations,
    ...options,
  },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      tier('unit', { testTimeout: 60_000, hookTimeout: 60_000 }),
      // Most of these wait for programs: two at a time take half as long on two cores.
      tier('medium', { testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 2, sequence: { groupOrder: 1 } }),
      tier('e2e', { testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false }),
    ],
  },
});
