import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeVideo, LUMA_PERIOD, type CodedVideo } from '../../helpers/coded-video.ts';
import { FakeCamera, type FakeCameraScript } from '../../helpers/fake-camera.ts';
import { watchCamera, type SeenFrame, type WatchedCamera, type WatchedOptions } from '../../helpers/watched-camera.ts';

let plain: CodedVideo;
let sliced: CodedVideo;
let withBFrames: CodedVideo;
let h265: CodedVideo;

beforeAll(async () => {
  // Noise makes pictures large enough for fragments; four slices for what cameras do with markers.
  const noise = ['-vf', 'noise=alls=6:allf=t'];
  plain = await encodeVideo({ extra: noise });
  sliced = await encodeVideo({ extra: ['-slices', '4', ...noise] });
  withBFrames = await encodeVideo({ bFrames: 2 });
  h265 = await encodeVideo({ codec: 'h265' });
});

/** Closes the thing after the test. */
function opened<T extends { close(): Promise<void> }>(thing: T): T {
  onTestFinished(() => thing.close());
  return thing;
}

async function play(
  video: CodedVideo,
  script: FakeCameraScript = {},
  options: WatchedOptions = {},
): Promise<{ camera: FakeCamera; watched: WatchedCamera }> {
  const camera = await FakeCamera.start(video, script);
  opened(camera);
  const watched = opened(await watchCamera(camera.url, options));
  return { camera, watched };
}

/** Frames follow one another without a gap, 40 ms apart on the camera's clock. */
function expectEveryFrame(frames: readonly SeenFrame[]): void {
  const first = frames[0]?.number ?? 0;
  expect(frames.map((frame) => frame.number)).toEqual(frames.map((_, at) => (first + at) % LUMA_PERIOD));
}

describe('CameraSource with a camera of its own kind', () => {
  const quirks: [string, () => CodedVideo, FakeCameraScript][] = [
    ['a plain one', () => plain, {}],
    ['an absolute control address', () => plain, { control: 'absolute' }],
    ['no control address', () => plain, { control: 'none' }],
    ['no Content-Base', () => plain, { contentBase: 'missing' }],
    ['a Content-Base that is no address', () => plain, { contentBase: 'nonsense' }],
    ['packets between head and body of a reply', () => plain, { interleavesBeforeBody: true }],
    ['audio and a backchannel before the video', () => plain, { audioFirst: true }],
    ['channels of its own choice', () => plain, { channels: [6, 7] }],
    ['the marker on parameter sets', () => plain, { marker: 'parameter-sets' }],
    ['no marker at all', () => plain, { marker: 'never' }],
    ['parameter sets in the stream only', () => plain, { parameterSets: 'in-band' }],
    ['parameter sets in the description only', () => plain, { parameterSets: 'description' }],
    ['four slices in a picture', () => sliced, {}],
    ['B frames', () => withBFrames, {}],
    ['H.265', () => h265, {}],
    ['a burst of older pictures at the start', () => plain, { burst: 30 }],
    ['a clock that stands still', () => plain, { timestamp: () => 4711 }],
    ['keep-alive by OPTIONS only', () => plain, { methods: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN' }],
  ];

  it.each(quirks)('shows every frame of one with %s', async (_name, video, script) => {
    const { watched } = await play(video(), script);

    await watched.until(() => watched.frames.length >= 40, '40 frames');

    expectEveryFrame(watched.frames);
    expect(watched.source.status()).toMatchObject({
      phase: 'running',
      reason: '',
      client: 'direct',
      codec: video().codec,
      widthPx: 192,
      heightPx: 128,
      framesDropped: 0,
    });
  });

  it('learns that the marker is on every slice, and shows every frame from then on', async () => {
    const { watched } = await play(sliced, { marker: 'every-slice' });

    await watched.until(() => watched.frames.length >= 45, '45 frames');

    expectEveryFrame(watched.frames.slice(5));
  });

  it('gives frames the times of the camera, not of their decoding', async () => {
    const { watched } = await play(withBFrames);

    await watched.until(() => watched.frames.length >= 60, '60 frames');

    const steps = watched.frames
      .slice(11)
      .map((frame, at) => frame.captureUs - (watched.frames[at + 10]?.captureUs ?? 0));
    // B frames taken in decoding order would give steps of 0, 80 or 120 ms. In its first seconds the clock still finds
    // the smallest delay, which on a busy machine shortens single steps by some ms.
    expect(Math.min(...steps)).toBeGreaterThan(20_000);
    expect(Math.max(...steps)).toBeLessThan(60_000);
    expect(Math.abs(steps.toSorted((a, b) => a - b)[steps.length >> 1]! - 40_000)).toBeLessThan(500);
    expect(watched.source.status().fps).toBeCloseTo(25, 0);
  });
});

describe('CameraSource over UDP', () => {
  it('plays, puts packets back into order and does without those that are lost', async () => {
    let held: Uint8Array | undefined;
    const swapAndLose = (packet: Uint8Array, count: number): readonly Uint8Array[] => {
      if (count % 211 === 0) return [];
      if (count % 5 === 0) {
        held = packet;
        return [];
      }
      const sent = held === undefined ? [packet] : [packet, held];
      held = undefined;
      return sent;
    };
    const { camera, watched } = await play(plain, { udp: 'plays', onPacket: swapAndLose }, { transport: 'udp' });

    await watched.until(() => watched.frames.length >= 60, '60 frames');

    const numbers = watched.frames.map((frame) => frame.number);
    const inOrder = numbers
      .slice(1)
      .filter((number, at) => (number - (numbers[at] ?? 0) + LUMA_PERIOD) % LUMA_PERIOD <= 2);
    expect(inOrder.length).toBeGreaterThan(numbers.length - 4);
    expect(camera.requests.find((request) => request.method === 'SETUP')?.headers['transport']).toContain(
      'client_port=',
    );
  });

  it.each(['refused', 'silent'] as const)('falls back to TCP when the camera’s UDP is %s', async (udp) => {
    const { camera, watched } = await play(plain, { udp }, { transport: 'udp' });

    await watched.until(() => watched.frames.length >= 10, '10 frames');

    const transports = camera.requests
      .filter((request) => request.method === 'SETUP')
      .map((request) => request.headers['transport']);
    expect(transports).toHaveLength(2);
    expect(transports[1]).toContain('interleaved=');
    expectEveryFrame(watched.frames);
  });
});

describe('CameraSource and log-ins', () => {
  const password = 'p@s#s%w:rd/?é';
  const user = `user:${encodeURIComponent(password)}@`;
  const at = (camera: FakeCamera): string => camera.url.replace('rtsp://', `rtsp://${user}`);

  it.each([
    ['Basic', { scheme: 'basic' }],
    ['Digest with MD5', { scheme: 'MD5' }],
    ['Digest with SHA-256', { scheme: 'SHA-256' }],
    ['nonces that go stale', { scheme: 'MD5', staleAfter: 2 }],
    ['nonces that go stale without being called so', { scheme: 'SHA-256', staleAfter: 2, isSilent: true }],
  ] as const)('logs in by %s, with special characters in the password', async (_name, login) => {
    const camera = await FakeCamera.start(plain, {
      login: { ...login, username: 'user', password },
      sessionTimeoutS: 2,
    });
    opened(camera);
    const watched = await watchCamera(at(camera));
    opened(watched);

    await watched.until(() => watched.frames.length >= 60, '60 frames');
    await watched.close();

    expect(camera.requests.filter((request) => request.method === 'GET_PARAMETER').length).toBeGreaterThan(0);
    expect(camera.requests.at(-1)?.method).toBe('TEARDOWN');
    expect(JSON.stringify(camera.requests.map((request) => request.uri))).not.toContain('user');
    expect(camera.connections).toBe(1);
  });

  it('tries a refused password once, says so, and leaks it nowhere', async () => {
    const login = { scheme: 'MD5', username: 'user', password: 'right' } as const;
    const camera = await FakeCamera.start(plain, { login });
    opened(camera);
    const watched = await watchCamera(at(camera), { mode: 'auto' });
    opened(watched);

    await watched.until(() => watched.source.status().reason !== '', 'a reason');
    await watched.until(() => camera.open === 0, 'the end of the connection');

    expect(watched.source.status()).toMatchObject({ phase: 'connecting', client: 'direct' });
    expect(watched.source.status().reason).toBe('the camera refused user name or password (401)');
    expect(camera.requests.filter((request) => request.headers['authorization'] !== undefined)).toHaveLength(1);
    expect(camera.connections).toBe(1);
    const everything = JSON.stringify([watched.states, watched.lines]);
    expect(everything).not.toContain(password);
    expect(everything).not.toContain(encodeURIComponent(password));
  });

  it('says that a log-in is needed when the address has none', async () => {
    const { watched } = await play(plain, { login: { scheme: 'basic', username: 'u', password: 'p' } });

    await watched.until(() => watched.source.status().reason !== '', 'a reason');

    expect(watched.source.status().reason).toContain('asks for user name and password');
  });

  it('takes its log-in along to the same host only', async () => {
    const login = { scheme: 'basic', username: 'user', password } as const;
    const second = await FakeCamera.start(plain, { login });
    const first = await FakeCamera.start(plain, { redirectTo: second.url });
    const third = await FakeCamera.start(plain, { redirectTo: second.url.replace('127.0.0.1', 'localhost') });
    opened(first);
    opened(second);
    opened(third);

    const same = await watchCamera(at(first));
    opened(same);
    await same.until(() => same.frames.length > 0, 'a frame');
    const sent = second.requests.length;
    const other = await watchCamera(at(third), { resolveAddress: () => Promise.resolve('127.0.0.1') });
    opened(other);
    await other.until(() => other.source.status().reason !== '', 'a reason');

    expect(other.source.status().reason).toContain('asks for user name and password');
    expect(
      second.requests
        .slice(sent)
        .every((request) => request.uri.includes('127.0.0.1') || request.headers['authorization'] === undefined),
    ).toBe(true);
  });
});
