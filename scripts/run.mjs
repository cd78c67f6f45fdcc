/**
 * The entry of every npm script: does the set-up that the task needs, then runs it under the pinned Node.
 * `node scripts/run.mjs start|demo|test|check|bench|evaluate|evaluate-sequences …`, under any Node from 18 on.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureBuild, ensureDependencies, ensureSystemPackages, root, run } from './setup.mjs';
import { EVALUATION_PACKAGES, RUNTIME_PACKAGES, TEST_PACKAGES } from './system-packages.mjs';

const [task = 'start', ...args] = process.argv.slice(2);
const node = join(root, 'node_modules/.bin/node');

/** Runs the pinned Node in the foreground, hands signals on and ends with its exit code. */
function runNode(nodeArgs) {
  const child = spawn(node, nodeArgs, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}` },
  });
  // Ctrl-C in a terminal reaches the child by itself; this process only has to outlive it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

/** @type {[string, string[]][]} */
const CHECKS = [
  [
    'formatting (npm run format mends it)',
    ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  ],
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.test.json']],
  ['worker code is erasable', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.erasable.json']],
  ['lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', 'src', 'test', 'scripts', 'bin']],
  [
    'import rules',
    ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.mjs', 'src'],
  ],
  ['unused code', ['node_modules/knip/bin/knip.js', '--no-progress']],
];

ensureDependencies();
switch (task) {
  case 'start':
    ensureSystemPackages(RUNTIME_PACKAGES);
    await ensureBuild();
    runNode(['dist/cli.js', 'serve', ...args]);
    break;
  case 'demo':
    ensureSystemPackages(RUNTIME_PACKAGES);
    await ensureBuild();
    runNode(['dist/demo/demo.main.js', ...args]);
    break;
  case 'test':
    ensureSystemPackages(TEST_PACKAGES);
    await ensureBuild();
    runNode([
      'node_modules/vitest/vitest.mjs',
      'run',
      ...args.flatMap((tier) => (['unit', 'medium', 'e2e'].includes(tier) ? ['--project', tier] : [tier])),
    ]);
    break;
  case 'check':
    for (const [what, nodeArgs] of CHECKS) {
      process.stderr.write(`check: ${what}\n`);
      run(node, nodeArgs, { PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}` });
    }
    break;
  case 'bench':
    await ensureBuild();
    runNode(['dist/cli.js', 'bench', ...args]);
    break;
  case 'evaluate':
    ensureSystemPackages(EVALUATION_PACKAGES);
    await ensureBuild();
    runNode(['dist/evaluate/evaluate.main.js', ...args]);
    break;
  case 'evaluate-sequences':
    ensureSystemPackages(RUNTIME_PACKAGES);
    await ensureBuild();
    runNode(['dist/evaluate/sequences/sequences.main.js', ...args]);
    break;
  default:
    process.stderr.write(`unknown task ${task}\n`);
    process.exit(2);
}
