import { writeFile } from 'node:fs/promises';
import { SeamlineError } from '../common/seamline-error.ts';

/** A command line that cannot be understood. */
export class UsageError extends Error {}

/** What differs from one command to the next. */
export interface Command<Flags extends { readonly values: { readonly help: boolean } }> {
  readonly usage: string;
  /** @throws UsageError */
  readonly parse: (args: readonly string[]) => Flags;
  /** @returns whether everything could be measured */
  readonly evaluate: (flags: Flags, signal: AbortSignal) => Promise<boolean>;
}

/**
 * Runs a command until it is done or interrupted.
 * @returns the exit code: 0, 1 when something failed, 2 for a wrong command line, 130 after Ctrl-C
 */
export async function runCommand<Flags extends { readonly values: { readonly help: boolean } }>(
  { usage, parse, evaluate }: Command<Flags>,
  args: readonly string[],
): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  try {
    const flags = parse(args);
    if (flags.values.help) {
      say(usage);
      return 0;
    }
    return (await evaluate(flags, interruption.signal)) ? 0 : 1;
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof SeamlineError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** Prints a line. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes results as JSON; more than five decimals say nothing. */
export function writeResults(file: string, results: unknown): Promise<void> {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toFixed(5)) : value;
  return writeFile(file, `${JSON.stringify(results, rounded, 1)}\n`);
}
