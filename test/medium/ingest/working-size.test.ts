import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CodedVideo, encodeVideo, LUMA_PERIOD } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { watchCamera } from '../../helpers/watched-camera.ts';

const SMALL = { widthPx: 96, heightPx: 64 };

describe('a camera that is to give frames of another size', () => {
  let camera: FakeCamera;
  let videos: readonly CodedVideo[];

  beforeAll(async () => {
    videos = [await encodeVideo({ gop: 25 }), await encodeVideo({ codec: 'h265', gop: 25 })];
    camera = await FakeCamera.start(videos[0]!);
  });
  afterAll(() => camera?.close());

  it.each(['h264', 'h265'])(
    'changes at a key frame of its %s, and no picture is lost or comes twice',
    async (codec) => {
      camera.play(videos[codec === 'h264' ? 0 : 1]!);
      const watched = await watchCamera(camera.url, { slots: 40 });
      await watched.until(() => watched.frames.length > 5, 'the first frames');

      watched.resize(SMALL);
      await watched.until(() => (watched.frames.at(-1)?.size.widthPx ?? 0) === SMALL.widthPx, 'small frames');
      const small = watched.frames.length;
      await watched.until(() => watched.frames.length > small + 10, 'more small frames');
      await watched.close();

      const firstSmall = watched.frames.findIndex(({ size }) => size.widthPx === SMALL.widthPx);
      const sizes = watched.frames.map(({ size }) => size.widthPx);
      const steps = watched.frames.slice(1).map(({ number }, at) => {
        return (number - watched.frames[at]!.number + LUMA_PERIOD) % LUMA_PERIOD;
      });
      expect(watched.frames[firstSmall]!.number % 25).toBe(0);
      expect(sizes.slice(firstSmall).every((width) => width === SMALL.widthPx)).toBe(true);
      expect(steps.every((step) => step === 1)).toBe(true);
      expect(watched.source.status()).toMatchObject({ reconnects: 0, framesDropped: 0 });
    },
  );

  it('stays connected and loses nothing when ffmpeg reads the camera itself, there and back', async () => {
    camera.play(videos[0]!);
    const watched = await watchCamera(camera.url, { mode: 'ffmpeg', slots: 40 });
    const { frames } = watched;
    const last = (): number => frames.at(-1)?.size.widthPx ?? 0;
    await watched.until(() => frames.length > 5, 'the first frames');
    const full = watched.natives[0]!;

    watched.resize(SMALL);
    await watched.until(() => last() === SMALL.widthPx, 'small frames');
    const small = frames.length;
    await watched.until(() => frames.length > small + 10, 'more small frames');
    watched.back();
    await watched.until(() => last() === full.widthPx, 'frames of the full size');
    await watched.close();

    const steps = frames.slice(1).map(({ number }, at) => (number - frames[at]!.number + LUMA_PERIOD) % LUMA_PERIOD);
    expect(steps.every((step) => step === 1)).toBe(true);
    expect(frames.filter(({ size }) => size.widthPx === SMALL.widthPx).length).toBeGreaterThan(10);
    expect(watched.source.status()).toMatchObject({ client: 'ffmpeg', reconnects: 0, framesDropped: 0 });
  });
});
