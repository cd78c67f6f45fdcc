import { runProgram } from './run-program.ts';

/** A process that `ps` shows. */
interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

/** All processes of the machine but those that have ended and are only waited for. */
async function rows(): Promise<Row[]> {
  const { stdout } = await runProgram('ps', ['-eo', 'pid,ppid,state,args', '--no-headers', '-ww']);
  const lines = stdout.toString().split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+[^Z\s]\S*\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
  });
}

/** A process and all that it started, as they were at one moment: what of it is left is known after its end, too. */
export class ProcessFamily {
  readonly #members: readonly Row[];

  private constructor(members: readonly Row[]) {
    this.#members = members;
  }

  static async of(pid: number): Promise<ProcessFamily> {
    const all = await rows();
    const members = all.filter((row) => row.pid === pid);
    for (const member of members) members.push(...all.filter(({ parent }) => parent === member.pid));
    return new ProcessFamily(members);
  }

  /** Command lines of the members. */
  get commands(): readonly string[] {
    return this.#members.map(({ args }) => args);
  }

  /** Pids of the members whose command lines have the word. */
  pidsOf(word: string): number[] {
    return this.#members.filter(({ args }) => args.includes(word)).map(({ pid }) => pid);
  }

  /** Command lines of those that still run; what they started later is not looked for. */
  async left(): Promise<string[]> {
    const pids = new Set(this.#members.map(({ pid }) => pid));
    return (await rows()).filter(({ pid }) => pids.has(pid)).map(({ args }) => args);
  }
}
