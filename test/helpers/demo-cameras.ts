import { join } from 'node:path';
import { type OwnedChild, spawnChild } from '../../src/process/child.ts';
import type { DemoClip } from './demo-truth.ts';
import { ROOT } from './seamline-server.ts';

/** Two RTSP cameras that play a pair of demo clips. */
export interface DemoCameras {
  readonly left: string;
  readonly right: string;
  readonly child: OwnedChild;
}

const clip = (pair: DemoClip, side: string): string => join(ROOT, `test/fixtures/media/demo/${pair}-${side}.mp4`);

async function start(command: string, args: readonly string[], login = ''): Promise<DemoCameras> {
  const child = spawnChild({ command, args });
  const port = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const ready = /ready (\d+)/.exec(text);
      if (ready !== null) resolve(ready[1] ?? '');
    });
    void child.exited.then((exit) => reject(new Error(`the cameras ended: ${exit.stderrTail.join('\n')}`)));
  });
  return { left: `rtsp://${login}127.0.0.1:${port}/left`, right: `rtsp://${login}127.0.0.1:${port}/right`, child };
}

/** The demo's own cameras, in step and in an endless loop; resolves when they can be played. @param port 0 for any free one */
export function startDemoCameras(pair: DemoClip, port = 0): Promise<DemoCameras> {
  return start(process.execPath, [
    join(ROOT, 'dist/demo/cameras.main.js'),
    String(port),
    clip(pair, 'left'),
    clip(pair, 'right'),
  ]);
}

/** The same clips from GStreamer's RTSP server, played once, behind a Digest log-in whose password needs encoding. */
export function startGstreamerCameras(pair: DemoClip): Promise<DemoCameras> {
  const program = join(ROOT, 'test/helpers/gst_clip_cameras.py');
  const args = [program, clip(pair, 'left'), clip(pair, 'right'), 'admin', 'p@ss:w#rd%'];
  return start('/usr/bin/python3', args, 'admin:p%40ss%3Aw%23rd%25@');
}

/** Two H.265 files from GStreamer's RTSP server, played once. */
export function startHevcCameras(left: string, right: string): Promise<DemoCameras> {
  return start('/usr/bin/python3', [join(ROOT, 'test/helpers/gst_clip_cameras.py'), '--h265', left, right]);
}
