import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { median, type MeshPair } from '../helpers/alignment-error.ts';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { readDemoTruth } from '../helpers/demo-truth.ts';
import { FrontsFinder, greyPictures, type ShownFronts } from '../helpers/panorama-fronts.ts';
import { type JobView, SeamlineServer } from '../helpers/seamline-server.ts';

/** Panoramas that are looked at: three seconds and more, whatever the machine drops. */
const PICTURES = 75;

type Place = readonly [number, number];

const squaredWay = ([ax, ay]: Place, [bx, by]: Place): number => (ax - bx) ** 2 + (ay - by) ** 2;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a panorama of two cameras that shake, each by itself', () => {
  const truth = readDemoTruth('shaken');
  let cameras: DemoCameras;
  let server: SeamlineServer;
  let fronts: readonly ShownFronts[];
  let count = 0;

  beforeAll(async () => {
    cameras = await startDemoCameras('shaken');
    server = await SeamlineServer.start();
    const job: JobView = await server.stitch({ url1: cameras.left, url2: cameras.right });
    await server.waitForState(job.id, ['running'], 60_000);
    // The first alignment settles over the first comparisons.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const geometry = (await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json()) as MeshPair;
    const finder = await FrontsFinder.create(truth, geometry);
    const size = { widthPx: geometry.width, heightPx: geometry.height };
    const stream = ['-rtsp_transport', 'tcp', '-i', server.rtsp(job.id)];
    const panoramas = await greyPictures(stream, size, PICTURES);
    count = finder.count;
    fronts = panoramas.flatMap((panorama) => finder.find(panorama) ?? []);
  });

  afterAll(async () => {
    await server?.stop();
    await cameras?.child.stop();
  });

  it('shows the house fronts once: both views meet in every picture', () => {
    const apart = fronts.map(({ apartPx }) => apartPx).toSorted((a, b) => a - b);

    expect(count).toBeGreaterThan(30);
    expect(fronts.length).toBeGreaterThan(0.9 * PICTURES);
    expect(median(apart)).toBeLessThan(1.5);
    expect(apart[Math.floor(0.9 * apart.length)]).toBeLessThan(2.5);
  });

  it('is calm: the fronts move by less than a quarter of what the cameras do', () => {
    // Where the left camera has one and the same place of the fronts, frame by frame.
    const seen = Array.from(
      { length: truth.frameCount },
      (_none, frame) => truth.see('reference', frame, truth.onFarPlane).pixel,
    );
    // What the camera does on the average in the time between two panoramas, which is longer on a busy machine.
    const cameraIn = (seconds: number): number => {
      const frames = Math.max(1, Math.round(seconds * truth.fps));
      return mean(seen.slice(frames).map((place, at) => squaredWay(place, seen[at]!)));
    };
    const steps = fronts.slice(1).map(({ place, timeS }, at) => ({
      panorama: squaredWay(place, fronts[at]!.place),
      camera: cameraIn(timeS - fronts[at]!.timeS),
    }));

    expect(mean(steps.map(({ panorama }) => panorama))).toBeLessThan(0.25 * mean(steps.map(({ camera }) => camera)));
  });
});
