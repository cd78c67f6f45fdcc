import { once } from 'node:events';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InferenceRequest } from '../../../src/contract/worker-messages.ts';
import { reasonsOf } from '../../../src/jobs/job-state.ts';
import { encodeVideo } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { startPipeline, type WatchedPipeline } from '../../helpers/job-pipeline.ts';
import { eventually, ROOT } from '../../helpers/seamline-server.ts';

const clip = (side: string): string => join(ROOT, `test/fixtures/media/demo/calm-${side}.mp4`);

describe('a job whose networks are lost', () => {
  let folder: string;
  let cameras: readonly FakeCamera[];
  let watched: WatchedPipeline;
  /** Threads that were started, in order; Node tells of each. */
  const threads: Worker[] = [];
  const note = (thread: Worker): void => void threads.push(thread);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seamline-networks-'));
    await cp(join(ROOT, 'models/lite'), join(folder, 'lite'), { recursive: true });
    const video = { size: '640x360', fps: 12.5, frames: 25, gop: 25 };
    const videos = [
      await encodeVideo({ ...video, clip: clip('left') }),
      await encodeVideo({ ...video, clip: clip('right') }),
    ];
    cameras = await Promise.all(videos.map((one) => FakeCamera.start(one)));
    process.on('worker', note);
    watched = await startPipeline(
      { url1: cameras[0]!.url, url2: cameras[1]!.url, width: 640 },
      { modelDir: folder, providers: ['abacus', 'cpu'] },
    );
    await showsGeometryOf('network');
  });

  afterAll(async () => {
    process.off('worker', note);
    await watched?.pipeline.close();
    await Promise.all(cameras.map((camera) => camera.close()));
    await rm(folder, { recursive: true });
  });

  async function showsGeometryOf(origin: string): Promise<void> {
    await eventually(`geometry of origin ${origin}`, 40_000, async () =>
      watched.pipeline.status().geometry.origin === origin ? true : undefined,
    );
  }

  /**
   * Has the thread that the networks run in end, without the job's other end knowing why. It is asked to, not
   * terminated: within ONNX Runtime that would abort the whole process now and then.
   */
  async function endNetworks(): Promise<void> {
    const inference = threads.findLast(({ threadId, threadName }) => threadId !== -1 && threadName === 'networks');
    if (inference === undefined) throw new Error('no thread of the networks is running');
    const ended = once(inference, 'exit');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    inference.postMessage({ kind: 'close' } satisfies InferenceRequest);
    await ended;
  }

  it('starts them again when their thread ends, and goes on drawing meanwhile', async () => {
    const before = watched.units.length;

    await endNetworks();

    await eventually('the loss in the status', 10_000, async () =>
      watched.pipeline.status().provider === '' ? true : undefined,
    );
    const { version } = watched.pipeline.status().geometry;
    await eventually('a new geometry', 40_000, async () =>
      watched.pipeline.status().geometry.version > version ? true : undefined,
    );
    const status = watched.pipeline.status();
    expect(status.provider).toBe('cpu');
    expect(status.providerFallbacks.map(({ provider }) => provider)).toEqual(['abacus', 'cpu']);
    expect(status.providerFallbacks[1]?.reason).toContain('thread of the networks ended');
    expect(watched.units.length).toBeGreaterThan(before);
    expect(watched.failures).toEqual([]);
  });

  it('holds the last good geometry and says why while no provider can run them', async () => {
    const file = join(folder, 'lite/spatial.onnx');
    await rename(file, `${file}.gone`);

    await endNetworks();

    await showsGeometryOf('held');
    const held = watched.pipeline.status();
    const before = watched.units.length;
    expect(reasonsOf(held).join()).toMatch(/the last good alignment is held: the networks failed: .*spatial/);
    expect(reasonsOf(held).join()).not.toContain(folder);
    await eventually('more pictures', 10_000, async () => (watched.units.length > before + 10 ? true : undefined));

    await rename(`${file}.gone`, file);
    await showsGeometryOf('network');
    expect(reasonsOf(watched.pipeline.status())).toEqual([]);
    expect(watched.failures).toEqual([]);
  });
});
