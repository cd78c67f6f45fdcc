import { execFile } from 'node:child_process';

/** What a program left behind. */
export interface ProgramResult {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end, or kills it after `deadlineMs`; its exit code is the caller's to judge. */
export function runProgram(command: string, args: readonly string[], deadlineMs = 120_000): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 1 << 30 } as const;
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : child.exitCode, stdout, stderr: stderr.toString() });
    });
    child.stdin?.end();
  });
}
