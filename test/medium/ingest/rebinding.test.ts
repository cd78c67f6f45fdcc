import { afterEach, describe, expect, it } from 'vitest';
import { SourcePolicy } from '../../../src/net/source-policy.ts';
import { encodeVideo } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { watchCamera } from '../../helpers/watched-camera.ts';

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

/** A name that no DNS knows: whoever asks the system for it does not get to the camera. */
const NAME = 'camera.rebinding.test';

/** A policy whose name server gives one answer after the other; the last one stays. */
function policyWith(answers: readonly string[]) {
  const asked: string[] = [];
  const policy = new SourcePolicy(
    { allow: ['loopback'], ownPorts: [] },
    () => ['127.0.0.1'],
    async (host) => {
      asked.push(host);
      return [answers[Math.min(asked.length, answers.length) - 1] ?? ''];
    },
  );
  return { asked, resolveAddress: (host: string, port: number) => policy.resolve(host, port) };
}

async function cameraAt(host: string): Promise<{ camera: FakeCamera; url: string }> {
  const camera = await FakeCamera.start(await encodeVideo(), {});
  open.push(camera);
  return { camera, url: camera.url.replace('127.0.0.1', host) };
}

describe.each(['direct', 'ffmpeg'] as const)('a name whose address changes (%s)', (mode) => {
  it('is asked for once for each connection, and the address that was checked is connected to', async () => {
    const { url } = await cameraAt(NAME);
    const { asked, resolveAddress } = policyWith(['127.0.0.1', '169.254.169.254']);
    const watched = await watchCamera(url, { mode, resolveAddress });
    open.push(watched);

    await watched.until(() => watched.frames.length > 5, 'frames');

    expect(asked).toEqual([NAME]);
  });

  it('is checked anew at every connection: what was a camera must not become a metadata service', async () => {
    const { camera, url } = await cameraAt(NAME);
    const { resolveAddress } = policyWith(['127.0.0.1', '169.254.169.254']);
    const watched = await watchCamera(url, { mode, resolveAddress });
    open.push(watched);
    await watched.until(() => watched.frames.length > 5, 'frames');
    const before = camera.connections;

    await camera.close();
    await watched.until(() => watched.source.status().reason.includes('link-local'), 'a refusal');

    expect(camera.connections).toBe(before);
    expect(watched.source.status().phase).not.toBe('running');
  });
});
