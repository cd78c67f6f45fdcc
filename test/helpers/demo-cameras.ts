import { join } from 'node:path';
import { type OwnedChild, spawnChild } from '../../src/process/child.ts';
import { ROOT } from './seamline-server.ts';

/** The demo's two cameras as a process: RTSP `/left` and `/right`, in step. */
export interface DemoCameras {
  readonly left: string;
  readonly right: string;
  readonly child: OwnedChild;
}

/** Starts the cameras of a pair, `calm` or `shaken`; resolves when they can be played. */
export async function startDemoCameras(pair: string): Promise<DemoCameras> {
  const clip = (side: string): string => join(ROOT, `test/fixtures/media/demo/${pair}-${side}.mp4`);
  const child = spawnChild({
    command: process.execPath,
    args: [join(ROOT, 'dist/demo/cameras.main.js'), '0', clip('left'), clip('right')],
  });
  const port = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const ready = /ready (\d+)/.exec(text);
      if (ready !== null) resolve(ready[1] ?? '');
    });
    void child.exited.then((exit) => reject(new Error(`the cameras ended: ${exit.stderrTail.join('\n')}`)));
  });
  return { left: `rtsp://127.0.0.1:${port}/left`, right: `rtsp://127.0.0.1:${port}/right`, child };
}
