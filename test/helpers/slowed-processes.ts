import { runProgram } from './run-program.ts';

const PERIOD_MS = 100;

/** The process whose command line has the word, and all below it. */
export async function processTree(word: string): Promise<number[]> {
  const { stdout } = await runProgram('ps', ['-eo', 'pid,ppid,args', '--no-headers', '-ww']);
  const rows = stdout
    .toString()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((row) => row !== null)
    .map(([, pid, parent, args]) => ({ pid: Number(pid), parent: Number(parent), args: args ?? '' }));
  const tree = rows.filter(({ args }) => args.includes(word)).map(({ pid }) => pid);
  for (const root of tree) tree.push(...rows.filter(({ parent }) => parent === root).map(({ pid }) => pid));
  return tree;
}

/** Lets processes run for a share of each tenth of a second only, as on a machine that has other things to do. */
export class SlowedProcesses {
  readonly #pids: readonly number[];
  readonly #timer: NodeJS.Timeout;
  #resume: NodeJS.Timeout | undefined;
  #share: number;

  constructor(pids: readonly number[], share: number) {
    this.#pids = pids;
    this.#share = share;
    this.#timer = setInterval(() => {
      this.#send('SIGSTOP');
      this.#resume = setTimeout(() => this.#send('SIGCONT'), PERIOD_MS * (1 - this.#share));
    }, PERIOD_MS);
  }

  /** Gives them less of the time. */
  tighten(): void {
    this.#share *= 0.75;
  }

  /** Gives them the whole machine again. */
  release(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#resume);
    this.#send('SIGCONT');
  }

  #send(signal: NodeJS.Signals): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}
