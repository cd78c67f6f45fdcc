import { runEvaluate } from './command.ts';

process.exitCode = await runEvaluate(process.argv.slice(2));
