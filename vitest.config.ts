import { defineConfig } from 'vitest/config';

const tier = (name: string, options: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], globalSetup: './test/temporary-folder.ts', ...options },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      tier('unit', { testTimeout: 20_000 }),
      tier('medium', { testTimeout: 90_000, hookTimeout: 90_000, fileParallelism: false }),
      tier('e2e', { testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false }),
    ],
  },
});
