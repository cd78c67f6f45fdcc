import { describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../src/common/clock.ts';
import type { AccessUnit, StreamFormat } from '../../../src/contract/access-unit.ts';
import { StreamHub } from '../../../src/egress/stream-hub.ts';
import { StreamRegistry } from '../../../src/egress/stream-registry.ts';
import type { StreamReader } from '../../../src/egress/stream-reader.ts';

const FORMAT: StreamFormat = {
  codec: 'h264',
  sps: Uint8Array.of(0x67, 0x42, 0xc0, 0x28),
  pps: Uint8Array.of(0x68, 0xce),
  widthPx: 2000,
  heightPx: 720,
  fps: 25,
};
const TIMES = { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0, encodedUs: 0 };
const FRAME_US = 40_000;

function aUnit(frame: number, isKeyframe: boolean): AccessUnit {
  return {
    data: Uint8Array.of(0, 0, 0, 2, isKeyframe ? 0x65 : 0x41, frame & 255),
    ptsTicks: frame * 3600,
    isKeyframe,
    times: TIMES,
  };
}

class RecordingReader implements StreamReader {
  readonly protocol = 'rtsp';
  readonly name = 'recorder';
  readonly formats: StreamFormat[] = [];
  readonly units: AccessUnit[] = [];
  readonly ends: string[] = [];
  full = false;
  onFormat(format: StreamFormat): void {
    this.formats.push(format);
  }
  onUnit(unit: AccessUnit): void {
    this.units.push(unit);
  }
  isFull(): boolean {
    return this.full;
  }
  onEnd(reason: string): void {
    this.ends.push(reason);
  }
  get frames(): number[] {
    return this.units.map((unit) => unit.ptsTicks / 3600);
  }
}

function setUp() {
  const clock = new SteppedClock(5_000_000);
  const requests: number[] = [];
  const hub = new StreamHub({ path: 'live', clock, requestKeyframe: () => requests.push(clock.nowUs()) });
  let frame = 0;
  /** Publishes frames one frame interval apart; the ones listed are key frames. */
  const play = (count: number, keyframes: readonly number[] = []): void => {
    for (let i = 0; i < count; i += 1) {
      hub.publish({ kind: 'access-unit', unit: aUnit(frame, keyframes.includes(frame)) });
      frame += 1;
      clock.advance(FRAME_US);
    }
  };
  return { clock, hub, requests, play };
}

describe('StreamHub', () => {
  it('gives a joiner the cached group of pictures while that is younger than a second', () => {
    const { hub, play, requests } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    play(10, [0]);
    const reader = new RecordingReader();

    hub.subscribe(reader);
    play(2);

    expect(reader.formats).toEqual([FORMAT]);
    expect(reader.frames).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(requests).toEqual([]);
  });

  it('asks for a fresh key frame when the cached pictures are older than a second', () => {
    const { hub, play, requests } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    play(30, [0]);
    const reader = new RecordingReader();

    hub.subscribe(reader);
    play(4, [32]);

    expect(requests).toHaveLength(1);
    expect(reader.frames).toEqual([32, 33]);
  });

  it('merges the wishes of all readers into one request per half second', () => {
    const { hub, play, requests } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    play(30, [0]);

    for (let i = 0; i < 5; i += 1) hub.subscribe(new RecordingReader());
    play(25);

    expect(requests.length).toBe(2);
    expect(requests[1]! - requests[0]!).toBeGreaterThanOrEqual(500_000);
  });

  it('keeps a wish that comes too early until half a second has passed, unless a key frame comes before', () => {
    const { hub, play, requests } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    play(1, [0]);
    hub.requestKeyframe();
    play(2);
    hub.requestKeyframe();
    play(5, [5]);
    play(20);
    expect(requests).toHaveLength(1);

    hub.requestKeyframe();
    play(2);
    hub.requestKeyframe();
    play(20);

    expect(requests).toHaveLength(3);
  });

  it('skips a slow reader to the next key frame and leaves the others alone', () => {
    const { hub, play } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    const slow = new RecordingReader();
    const quick = new RecordingReader();
    hub.subscribe(slow);
    hub.subscribe(quick);
    play(3, [0]);

    slow.full = true;
    play(2);
    slow.full = false;
    play(5, [7]);

    expect(slow.frames).toEqual([0, 1, 2, 7, 8, 9]);
    expect(quick.frames).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(hub.counters.skipped).toBe(4);
  });

  it('asks for no key frame on behalf of a slow reader, since the others would pay for it', () => {
    const { hub, play, requests } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    const slow = new RecordingReader();
    hub.subscribe(slow);
    play(3, [0]);
    const before = requests.length;
    slow.full = true;
    play(30);
    slow.full = false;
    play(30);

    expect(requests.length).toBe(before);
  });

  it('gives up a reader that takes nothing for 15 seconds', () => {
    const { hub, play } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    const stalled = new RecordingReader();
    hub.subscribe(stalled);
    play(1, [0]);
    stalled.full = true;

    play(15 * 25 - 1, [50, 100, 150, 200, 250, 300, 350]);
    expect(stalled.ends).toEqual([]);
    play(3);

    expect(stalled.ends).toEqual(['the reader took nothing for too long']);
    expect(hub.readers).toBe(0);
    expect(hub.counters.expelled).toBe(1);
  });

  it('keeps a fault of one reader away from the others', () => {
    const { hub, play } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    const faulty = new RecordingReader();
    faulty.onUnit = () => {
      throw new Error('socket gone');
    };
    const other = new RecordingReader();
    hub.subscribe(faulty);
    hub.subscribe(other);

    play(2, [0]);

    expect(faulty.ends).toEqual(['socket gone']);
    expect(other.frames).toEqual([0, 1]);
    expect(hub.readers).toBe(1);
  });

  it('lets times go on when a restarted job counts from another origin', () => {
    const { hub, play, clock } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    const reader = new RecordingReader();
    hub.subscribe(reader);
    play(3, [0]);
    clock.advance(2_000_000 - FRAME_US);

    hub.publish({ kind: 'format', format: { ...FORMAT, widthPx: 1280 } });
    hub.publish({ kind: 'access-unit', unit: { ...aUnit(0, true), ptsTicks: 9e12 } });
    clock.advance(FRAME_US);
    hub.publish({ kind: 'access-unit', unit: { ...aUnit(1, false), ptsTicks: 9e12 + 3600 } });

    expect(reader.formats.map(({ widthPx }) => widthPx)).toEqual([2000, 1280]);
    expect(reader.units.map(({ ptsTicks }) => ptsTicks)).toEqual([0, 3600, 7200, 187_200, 190_800]);
  });

  it('starts every reader at a key frame after a new format', () => {
    const { hub, play } = setUp();
    hub.publish({ kind: 'format', format: FORMAT });
    const reader = new RecordingReader();
    hub.subscribe(reader);
    play(2, [0]);

    hub.publish({ kind: 'format', format: FORMAT });
    play(4, [4]);

    expect(reader.frames).toEqual([0, 1, 4, 5]);
  });

  it('holds those who wait for the format until it comes', async () => {
    const { hub } = setUp();
    const waiting = hub.waitForFormat(5000);

    hub.publish({ kind: 'format', format: FORMAT });

    await expect(waiting).resolves.toEqual(FORMAT);
  });

  it('says that the format took too long', async () => {
    await expect(setUp().hub.waitForFormat(5)).rejects.toMatchObject({ type: 'timeout' });
  });

  it('tells readers and waiters when it is closed, once', async () => {
    const { hub, play } = setUp();
    const reader = new RecordingReader();
    hub.subscribe(reader);
    const waiting = hub.waitForFormat(5000);

    hub.close('the job was deleted');
    hub.close('again');
    hub.publish({ kind: 'format', format: FORMAT });
    play(2, [0]);

    await expect(waiting).rejects.toMatchObject({ type: 'stream-not-found', message: 'the job was deleted' });
    expect(reader.ends).toEqual(['the job was deleted']);
    expect(reader.units).toEqual([]);
  });
});

describe('StreamRegistry', () => {
  it('gives a path to one job at a time', () => {
    const registry = new StreamRegistry(new SteppedClock());
    registry.open('live', () => undefined);

    expect(() => registry.open('live', () => undefined)).toThrow(expect.objectContaining({ type: 'output-in-use' }));
    registry.close('live');

    expect(registry.open('live', () => undefined).path).toBe('live');
  });

  it('forgets a closed stream and ends its readers', () => {
    const registry = new StreamRegistry(new SteppedClock());
    const reader = new RecordingReader();
    registry.open('live', () => undefined).subscribe(reader);

    registry.closeAll('the server stops');

    expect(registry.get('live')).toBeUndefined();
    expect(reader.ends).toEqual(['the server stops']);
  });
});
