import { text } from 'node:stream/consumers';
import { SeamlineError } from './common/seamline-error.ts';
import type { ProbeRequest, ProbeResult } from './contract/probe-messages.ts';
import { probeCamera } from './pipeline/camera-probe.ts';

/** Entry of a probe process: one request on stdin, one result on stdout, in a process of its own like a job's cameras. */
async function answer(): Promise<ProbeResult> {
  try {
    return await probeCamera(JSON.parse(await text(process.stdin)) as ProbeRequest);
  } catch (error) {
    if (error instanceof SeamlineError) return { kind: 'failed', problem: error.toProblem() };
    throw error;
  }
}

process.stdout.end(JSON.stringify(await answer()), () => process.exit(0));
