import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignmentErrors, median, type MeshPair } from '../helpers/alignment-error.ts';
import { type DemoCameras, startGstreamerCameras } from '../helpers/demo-cameras.ts';
import { readDemoTruth } from '../helpers/demo-truth.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, type JobView, SeamlineServer } from '../helpers/seamline-server.ts';

const VIEW = { widthPx: 1280, heightPx: 720 };
const PASSWORD = 'p@ss:w#rd%';
const ENCODED = 'p%40ss%3Aw%23rd%25';

describe('cameras of GStreamer’s RTSP server behind a Digest log-in', () => {
  let server: SeamlineServer;
  let cameras: DemoCameras;

  beforeAll(async () => {
    server = await SeamlineServer.start({ SEAMLINE_LOG_LEVEL: 'debug' });
  });
  afterAll(() => server?.stop());

  it.each([
    ['left first', 'left', 'right'],
    ['right first', 'right', 'left'],
  ] as const)('are stitched by the customer’s curl command, %s', async (_order, first, second) => {
    cameras = await startGstreamerCameras('calm');
    const body = `{"url1": "${cameras[first]}", "url2": "${cameras[second]}", "output_url": "rtsp://localhost:${server.rtspPort}/yard"}`;
    const { stdout } = await runProgram('curl', [
      ...['-s', '-X', 'POST', '-H', 'Content-Type: application/json', '-d', body],
      `http://localhost:${server.httpPort}/stitch`,
    ]);
    const job = JSON.parse(stdout.toString()) as JobView;
    await server.waitForState(job.id, ['running'], 60_000);

    const points = readDemoTruth('calm')
      .farPoints(0)
      .map((point) => (first === 'left' ? point : { reference: point.target, target: point.reference }));
    const error = await eventually('an alignment below one pixel', 15_000, async () => {
      const geometry = (await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json()) as MeshPair;
      const middle = median(alignmentErrors(geometry, VIEW, points));
      return middle < 1 ? middle : undefined;
    });
    const { stdout: played } = await runProgram(
      'ffmpeg',
      ['-v', 'error', '-i', server.rtsp('yard'), '-frames:v', '5', '-f', 'framehash', '-hash', 'crc32', '-'],
      30_000,
    );
    const answer = JSON.stringify(await server.job(job.id));
    const { stdout: titles } = await runProgram('ps', ['-eo', 'args', '-ww']);
    await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' });
    await cameras.child.stop();

    expect(error).toBeLessThan(1);
    expect(played.toString().match(/^0,/gm)).toHaveLength(5);
    const titlesOfOurs = titles
      .toString()
      .split('\n')
      .filter((line) => !line.includes('gst_clip_cameras.py'));
    for (const shown of [answer, titlesOfOurs.join('\n'), server.lines.join('\n')]) {
      expect(shown).not.toContain(PASSWORD);
      expect(shown).not.toContain(ENCODED);
    }
  });
});
