import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, asyncProperty, nat, oneof, record } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/bundle-import/checkpoint.ts';
import { SeamlineError } from '../../../src/common/seamline-error.ts';
import {
  checkpointEntries,
  checkpointFile,
  pickle,
  zipFile,
  type TestTensor,
  type ZipClaims,
  type ZipEntry,
} from '../../helpers/checkpoint-file.ts';

const PAIR: Record<string, TestTensor> = {
  'a.weight': { shape: [2, 2], values: [1, -2, 3.5, 4] },
  'a.steps': { shape: [], type: 'Long', values: [12] },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-checkpoint-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function stored(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'file.pth');
  await writeFile(path, bytes);
  return path;
}

async function faultOf(bytes: Uint8Array): Promise<SeamlineError> {
  const opened = await openCheckpoint(await stored(bytes)).catch((error: unknown) => error);
  if (opened instanceof SeamlineError) return opened;
  if (opened instanceof Error) throw opened;
  throw new Error('was opened');
}

const changed = (change: (entry: ZipEntry) => ZipEntry): Buffer => zipFile(checkpointEntries(PAIR).map(change));
const claiming = (name: string, claims: ZipEntry['claims']): Buffer =>
  changed((entry) => (entry.name.endsWith(name) && claims !== undefined ? { ...entry, claims } : entry));

const zip64 = (claims: NonNullable<ZipClaims['zip64']>): Buffer => zipFile(checkpointEntries(PAIR), { zip64: claims });

describe('openCheckpoint', () => {
  it('reads an archive with the records of large files, which torch always writes', async () => {
    const checkpoint = await openCheckpoint(await stored(zip64({})));

    expect(checkpoint.tensors.size).toBe(2);
    await checkpoint.close();
  });

  it('refuses a pipe without waiting for somebody to write into it', async () => {
    const pipe = join(folder, 'pipe.pth');
    execFileSync('mkfifo', [pipe]);

    await expect(openCheckpoint(pipe)).rejects.toMatchObject({ type: 'file-unreadable' });
  });

  it('makes names from the file printable', async () => {
    const name = '\u001B]0;owned\u0007\u001B[2J\u202E';

    const fault = await faultOf(checkpointFile({ [name]: { shape: [2, 2], strides: [1, 2] } }));
    const foreign = await faultOf(zipFile([{ name: `x/${name}`, bytes: Buffer.from('x') }]));

    for (const { message, errors } of [fault, foreign]) {
      expect(`${message}${JSON.stringify(errors)}`).not.toMatch(/[\p{Cc}\u202E]/u);
    }
    expect(fault.message).toContain(']0;owned');
  });

  it('reads names, shapes, numbers and the epoch', async () => {
    const checkpoint = await openCheckpoint(await stored(checkpointFile(PAIR)));

    expect([...checkpoint.tensors.keys()]).toEqual(['a.weight', 'a.steps']);
    expect(checkpoint.tensors.get('a.weight')?.shape).toEqual([2, 2]);
    expect([...(await checkpoint.floats('a.weight'))]).toEqual([1, -2, 3.5, 4]);
    expect(checkpoint.epoch).toBe(3);
    await checkpoint.close();
    await checkpoint.close();
  });

  it('widens float16, and reads a part of a shared storage', async () => {
    const tensors: Record<string, TestTensor> = {
      half: { shape: [3], type: 'Half', values: [0x3c00, 0xc000, 0x0001] },
      all: { shape: [4], values: [1, 2, 3, 4], storage: 9 },
      part: { shape: [2], offset: 1, storage: 9, length: 4 },
    };

    const checkpoint = await openCheckpoint(await stored(checkpointFile(tensors)));

    expect([...(await checkpoint.floats('half'))]).toEqual([1, -2, 2 ** -24]);
    expect([...(await checkpoint.floats('part'))]).toEqual([2, 3]);
    await checkpoint.close();
  });

  it('refuses numbers that are not finite, by name', async () => {
    const checkpoint = await openCheckpoint(await stored(checkpointFile({ w: { shape: [2], values: [1, NaN] } })));

    await expect(checkpoint.floats('w')).rejects.toThrow(/w holds NaN/);
    await checkpoint.close();
  });

  it.each([
    ['an older file', Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'), /before version 1\.6.*Re-save/],
    ['a bare pickle', pickle({ dict: {} }), /bare Python pickle/],
    ['a gzip file', Buffer.from([0x1f, 0x8b, 8, 0]), /gunzip/],
    ['a web page', Buffer.from('<!DOCTYPE html><html>'), /web page/],
    ['an LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1'), /git lfs pull/],
    ['an empty file', Buffer.alloc(0), /is empty/],
    ['a text', Buffer.from('hello'), /not a PyTorch checkpoint/],
    [
      'a zip of something else',
      zipFile([{ name: 'a/b.txt', bytes: Buffer.from('x') }]),
      /no data\.pkl|which no checkpoint has/,
    ],
    ['a TorchScript archive', zipFile([{ name: 'm/constants.pkl', bytes: pickle(1) }]), /TorchScript/],
  ])('says what %s is', async (_what, bytes, message) => {
    expect((await faultOf(bytes)).message).toMatch(message);
  });

  it.each([
    ['a path that leaves the archive', changed((entry) => ({ ...entry, name: `../${entry.name}` })), /damaged|outside/],
    ['an absolute path', changed((entry) => ({ ...entry, name: `/${entry.name}` })), /damaged|outside/],
    ['a drive letter', changed((entry) => ({ ...entry, name: `C:/${entry.name}` })), /damaged/],
    [
      'a second folder',
      changed((entry) => (entry.name.endsWith('version') ? { ...entry, name: 'other/version' } : entry)),
      /outside/,
    ],
    [
      'an entry that no checkpoint has',
      changed((entry) => (entry.name.endsWith('version') ? { ...entry, name: 'epoch003_model/code/x.py' } : entry)),
      /code\/x\.py/,
    ],
    ['an entry twice', zipFile([...checkpointEntries(PAIR), ...checkpointEntries(PAIR).slice(-1)]), /twice/],
    ['a compressed entry', claiming('data/0', { method: 8 }), /compressed/],
    ['an encrypted entry', claiming('data/0', { flags: 0x0809 }), /encrypted|damaged/],
    ['an entry larger than the file', claiming('data/0', { size: 0x7fffffff }), /more data than the file|damaged/],
    [
      'overlapping entries',
      changed((entry) => ({ ...entry, claims: { offset: 0, size: 600 } })),
      /more data than the file/,
    ],
    ['a damaged pickle', claiming('data.pkl', { crc: 1 }), /CRC/],
    ['an entry that is not there', claiming('data.pkl', { offset: 90_000 }), /damaged/],
    ['fewer entries than it says', zipFile(checkpointEntries(PAIR), { entries: 60_000 }), /60000 entries|damaged/],
    ['more entries than numbers can count', zip64({ entries: 2n ** 63n }), /entries|damaged/],
    ['a directory beyond the end', zip64({ directoryAt: 2n ** 50n }), /damaged/],
    ['a directory before the beginning', zip64({ directoryAt: 2n ** 64n - 1n }), /damaged/],
    ['an end record that points to itself', zip64({ recordAt: 0n }), /damaged/],
    [
      'numbers in big endian',
      zipFile([...checkpointEntries(PAIR), { name: 'epoch003_model/byteorder', bytes: Buffer.from('big') }]),
      /byte order "big"/,
    ],
  ])('refuses %s', async (_what, bytes, message) => {
    const fault = await faultOf(bytes);

    expect(fault.type).toBe('checkpoint-invalid');
    expect(fault.message).toMatch(message);
  });

  it('accepts what newer versions of torch add', async () => {
    const extra = ['byteorder', '.format_version', '.storage_alignment', '.data/serialization_id'];
    const entries = extra.map((name) => ({
      name: `epoch003_model/${name}`,
      bytes: Buffer.from(name === 'byteorder' ? 'little' : '1'),
    }));

    const checkpoint = await openCheckpoint(await stored(zipFile([...checkpointEntries(PAIR), ...entries])));

    expect(checkpoint.tensors.size).toBe(2);
    await checkpoint.close();
  });

  it('names every tensor that does not fit its data, all at once', async () => {
    const entries = checkpointEntries({
      missing: { shape: [2] },
      short: { shape: [2], length: 2 },
      beyond: { shape: [3], length: 2, offset: 0 },
      skewed: { shape: [2, 2], strides: [1, 2] },
      huge: { shape: [2 ** 50, 2 ** 50], length: 1 },
    });
    const broken = entries
      .filter(({ name }) => !name.endsWith('data/0'))
      .map((entry) => (entry.name.endsWith('data/1') ? { ...entry, bytes: Buffer.alloc(4) } : entry));

    const fault = await faultOf(zipFile(broken));

    expect(fault.errors?.map(({ field }) => field)).toEqual(['missing', 'short', 'beyond', 'skewed', 'huge']);
  });

  it('refuses a file without a state dict under model, and says which keys it has', async () => {
    const bytes = zipFile([{ name: 'x/data.pkl', bytes: pickle({ dict: { state_dict: 1, epoch: 2 } }) }]);

    expect((await faultOf(bytes)).message).toMatch(/no state dict under 'model' \(its keys: state_dict, epoch\)/);
  });

  it('refuses a folder and a file that is not there', async () => {
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ type: 'file-unreadable' });
    await expect(openCheckpoint(join(folder, 'none.pth'))).rejects.toMatchObject({ type: 'file-unreadable' });
  });

  it('answers damaged files with a SeamlineError and small allocations', async () => {
    const whole = checkpointFile(PAIR);
    const before = process.memoryUsage().arrayBuffers;
    const damage = oneof(
      record({ cut: nat(whole.length - 1) }).map(({ cut }) => whole.subarray(0, cut)),
      array(record({ at: nat(whole.length - 1), byte: nat(255) }), { minLength: 1, maxLength: 5 }).map((edits) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of edits) bytes[at] = byte;
        return bytes;
      }),
    );

    await assert(
      asyncProperty(damage, async (bytes) => {
        try {
          const checkpoint = await openCheckpoint(await stored(bytes));
          for (const name of checkpoint.tensors.keys()) await checkpoint.floats(name).catch(rethrowForeign);
          await checkpoint.close();
        } catch (error) {
          rethrowForeign(error);
        }
      }),
      { numRuns: 600 },
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 ** 2);
  });
});

function rethrowForeign(error: unknown): void {
  if (!(error instanceof SeamlineError)) throw error;
}
