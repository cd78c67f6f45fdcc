import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SafeUrl } from '../../../src/common/safe-url.ts';
import { rtspDecoderArguments, rtspList } from '../../../src/ingest/decoder-args.ts';
import { type FfmpegInfo, findFfmpeg } from '../../../src/process/ffmpeg.ts';
import { runProgram } from '../../helpers/run-program.ts';

const SIZE = { widthPx: 64, heightPx: 48 };
let ffmpeg: FfmpegInfo;
let folder: string;

beforeAll(async () => {
  ffmpeg = await findFfmpeg();
  folder = mkdtempSync(join(tmpdir(), 'seamline-fence-'));
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=25:duration=12'];
  for (const [codec, name] of [
    ['mpeg4', 'other.avi'],
    ['libx264', 'usual.avi'],
  ] as const) {
    const made = await runProgram('ffmpeg', ['-v', 'error', ...source, '-c:v', codec, join(folder, name)]);
    expect(made.exitCode).toBe(0);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the decoder makes of a list, with more protocols allowed when a test needs to get past them. */
async function decode(list: string, protocols?: string): Promise<{ code: number | null; bytes: number; log: string }> {
  const args = rtspDecoderArguments(SIZE, ffmpeg);
  if (protocols !== undefined) args[args.indexOf('-protocol_whitelist') + 1] = protocols;
  const child = spawn(ffmpeg.path, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let bytes = 0;
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(list);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, bytes, log };
}

const listOf = (location: string): string => `ffconcat version 1.0\nfile '${location}'\n`;

describe('the fence around ffmpeg’s own RTSP input', () => {
  it.each(['file:', '', 'subfile:,,start,0,end,0,,:', 'concat:', 'crypto:', 'data:text/plain,'])(
    'lets nothing be read by "%s"',
    async (scheme) => {
      const { code, bytes, log } = await decode(listOf(`${scheme}${join(folder, 'usual.avi')}`));

      expect([code === 0, bytes]).toEqual([false, 0]);
      expect(log).toMatch(/not on whitelist|Protocol not found|Invalid/i);
    },
  );

  it('asks no web server', async () => {
    let asked = 0;
    const server = createServer((socket) => {
      asked += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };

    await decode(listOf(`http://127.0.0.1:${port}/list.m3u8`));
    server.close();

    expect(asked).toBe(0);
  });

  it('decodes what cameras send and no other codec', async () => {
    const usual = await decode(listOf(`file:${join(folder, 'usual.avi')}`), 'pipe,file');
    const other = await decode(listOf(`file:${join(folder, 'other.avi')}`), 'pipe,file');

    expect(usual.bytes).toBeGreaterThan(0);
    expect([other.bytes, /not on whitelist/i.test(other.log)]).toEqual([0, true]);
  });

  it('keeps quotes and shell text of an address inside its one line', () => {
    const url = SafeUrl.parse(`rtsp://u:p@127.0.0.1/a'b$(id);"x"`, ['rtsp']);

    const [, line, ...options] = rtspList(url, '127.0.0.1', 'tcp', 1000, ffmpeg).trim().split('\n');

    expect(line).toBe(String.raw`file 'rtsp://u:p@127.0.0.1/a'\''b$(id);%22x%22'`);
    expect(options.every((text) => text.startsWith('option '))).toBe(true);
    expect(rtspDecoderArguments(SIZE, ffmpeg).join(' ')).not.toContain('127.0.0.1');
  });
});
