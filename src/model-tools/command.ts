import { parseArgs } from 'node:util';
import { redactUrls } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { checkCommand } from './check-command.ts';
import { importCommand } from './import-command.ts';
import { listCommand, showCommand } from './list-command.ts';
import type { ModelFlags, Print } from './model-flags.ts';

const USAGE = `seamline models import FOLDER --name NAME [--fp16] [--force] [--model-dir DIR]
    turns spatial_warp.pth, temporal_warp.pth and smooth_warp.pth of StabStitch++ into the bundle NAME
seamline models check NAME [--fixture DIR] [--provider cpu] [--model-dir DIR]
    loads a bundle; with a fixture, compares every array that its expected/index.json lists
seamline models list [--model-dir DIR]
seamline models show NAME [--provider NAME] [--no-timing] [--model-dir DIR]
    what a bundle is, where it came from and what its networks cost on this machine
`;

interface Command {
  readonly takes: readonly (keyof ModelFlags)[];
  /** Names of what follows the command. */
  readonly operands: readonly string[];
  run(operands: readonly string[], flags: ModelFlags, print: Print): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  import: { takes: ['name', 'fp16', 'force', 'model-dir'], operands: ['FOLDER'], run: importCommand },
  check: { takes: ['fixture', 'provider', 'model-dir'], operands: ['NAME'], run: checkCommand },
  list: { takes: ['model-dir'], operands: [], run: listCommand },
  show: { takes: ['provider', 'timing', 'model-dir'], operands: ['NAME'], run: showCommand },
};

/**
 * `seamline models …`.
 * @param argv what follows `models`
 * @returns the exit code: 0, 1 when something failed or a comparison exceeds its limit, 2 for a wrong command line
 */
export async function runModels(argv: readonly string[]): Promise<number> {
  const [name = '', ...rest] = argv;
  if (name === '' || name === '--help' || name === 'help') {
    process.stdout.write(USAGE);
    return name === '' ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return misuse(`there is no command models ${name}`);
  let parsed: { operands: readonly string[]; flags: ModelFlags };
  try {
    parsed = parse(command, name, rest);
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error));
  }
  try {
    return await command.run(parsed.operands, parsed.flags, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    if (!(error instanceof SeamlineError)) throw error;
    process.stderr.write(`${redactUrls(error.message).replaceAll('; ', '\n  ')}\n`);
    return 1;
  }
}

function parse(command: Command, name: string, rest: readonly string[]): { operands: string[]; flags: ModelFlags } {
  const { values, positionals } = parseArgs({
    args: [...rest],
    allowPositionals: true,
    allowNegative: true,
    options: {
      name: { type: 'string' },
      fp16: { type: 'boolean' },
      force: { type: 'boolean' },
      fixture: { type: 'string' },
      provider: { type: 'string' },
      timing: { type: 'boolean' },
      'model-dir': { type: 'string' },
    },
  });
  const foreign = Object.keys(values).find((flag) => !command.takes.includes(flag as keyof ModelFlags));
  if (foreign !== undefined) throw new Error(`models ${name} does not take --${foreign}`);
  if (positionals.length !== command.operands.length) {
    throw new Error(`models ${name} takes ${command.operands.join(' ') || 'nothing else'}`);
  }
  return { operands: positionals, flags: { ...values } };
}

function misuse(message: string): number {
  process.stderr.write(`${message}\n\n${USAGE}`);
  return 2;
}
