import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { redactUrls } from '../common/safe-url.ts';
import { environmentOfPrograms } from './environment.ts';

/**
 * util-linux's setpriv sets the parent-death signal, which Node cannot, and becomes the program: its pid, streams and
 * IPC channel are the program's. Without it the program ends when it finds its stdin or the channel closed.
 */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** What the system says when there is no room for another process, in words for people. */
const WORDS: Readonly<Record<string, string>> = {
  EMFILE: 'no file can be opened any more (EMFILE): this process has reached its limit of open files',
  ENFILE: 'no file can be opened any more (ENFILE): this machine has reached its limit of open files',
  EAGAIN: 'no more processes can be started (EAGAIN): the limit of processes is reached',
  ENOMEM: 'no more processes can be started (ENOMEM): there is no memory left',
};

/** How a program is started, always in a process group of its own; without `env` it does not get our configuration. */
export interface ProgramOptions extends Pick<SpawnOptions, 'env' | 'serialization'> {
  readonly stdio: readonly ('pipe' | 'ignore' | 'ipc')[];
}

/** A program that runs, or the reason why it does not. */
export interface StartedProgram {
  /** With all the streams that were asked for; undefined when there is no process. */
  readonly child: ChildProcess | undefined;
  /** Resolves with the reason, in words for people, when there is no process, and never when there is one. */
  readonly failure: Promise<string>;
}

/**
 * Starts a program with an argument list, never through a shell, in a process group of its own (Ctrl-C in a terminal
 * does not reach it). It is killed when the thread that started it ends, also by kill −9 and also while it hangs.
 * Never throws: a machine without file descriptors, processes or memory must cost the one program alone.
 */
export function startProgram(command: string, args: readonly string[], options: ProgramOptions): StartedProgram {
  try {
    assertRoom(2 * options.stdio.length + 2);
    const bound = SETPRIV === undefined ? [] : [SETPRIV, '--pdeathsig', 'KILL', '--'];
    const [program = command, ...rest] = [...bound, command, ...args];
    const { stdio, env = environmentOfPrograms() } = options;
    const child = spawn(program, rest, { ...options, env, stdio: [...stdio], detached: true });
    const failure = new Promise<string>((resolve) => {
      // Node tells of most failures later, by this event; without a listener it would end this process.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(reasonOf(error));
      });
    });
    return { child: child.pid === undefined ? undefined : child, failure };
  } catch (error) {
    return { child: undefined, failure: Promise.resolve(reasonOf(error)) };
  }
}

/**
 * Node loses descriptors for good when they run out in the middle of a start: with every attempt there would be less
 * room. So none is made where there are too few for both ends of each pipe and for the word that the program runs.
 * @throws Error EMFILE, ENFILE
 */
function assertRoom(count: number): void {
  const held: number[] = [];
  try {
    for (let index = 0; index < count; index += 1) held.push(openSync(devNull, 'r'));
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return WORDS[code ?? ''] ?? redactUrls(message);
}
