import { runSequences } from './command.ts';

process.exitCode = await runSequences(process.argv.slice(2));
