import { monotonicClock } from '../common/clock.ts';
import { RtspServer } from '../egress/rtsp/server.ts';
import { StreamRegistry } from '../egress/stream-registry.ts';
import { createLogger } from '../logging/logger.ts';
import { findFfmpeg } from '../process/ffmpeg.ts';
import { readClip } from './clip.ts';
import { ClipCameras } from './clip-camera.ts';

/**
 * Two RTSP cameras that play two clips in a loop, in step: `cameras.main.js PORT LEFT.mp4 RIGHT.mp4`, paths `/left` and
 * `/right`, size 1280×720 at 25 a second. Prints `ready PORT` when they can be played; ends with its standard input.
 */
const [port, ...files] = process.argv.slice(2);
const paths = ['left', 'right'];
const log = createLogger({ level: 'warn' });
const ffmpeg = await findFfmpeg();
const clips = await Promise.all(files.map((file) => readClip(file, { widthPx: 1280, heightPx: 720, fps: 25 }, ffmpeg)));
const registry = new StreamRegistry(monotonicClock);
const server = new RtspServer({
  host: '127.0.0.1',
  port: Number(port ?? 0),
  registry,
  clock: monotonicClock,
  log,
  udpPort: 0,
});
await server.listen();
const cameras = new ClipCameras(
  // A clip has its key frames where they are; none can be made on demand.
  clips.map((clip, index) => ({ clip, hub: registry.open(paths[index] ?? String(index), () => undefined) })),
  monotonicClock,
);
cameras.start();
process.stdout.write(`ready ${server.port}\n`);

const stop = async (): Promise<void> => {
  cameras.stop();
  await server.close();
  process.exit(0);
};
process.stdin.on('end', () => void stop()).resume();
process.on('SIGTERM', () => void stop());
// Ctrl-C in a terminal reaches the demo, which ends this process in its own order.
process.on('SIGINT', () => undefined);
