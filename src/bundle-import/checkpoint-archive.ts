import { open as openFile, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { SeamlineError } from '../common/seamline-error.ts';
import { checkpointError } from './checkpoint-error.ts';
import { refuseForeignFormat } from './foreign-format.ts';

const MAX_FILE_BYTES = 1024 ** 3;
const MAX_ENTRIES = 4096;
const MAX_PICKLE_BYTES = 1024 ** 2;
const MAX_TEXT_BYTES = 64;

/** Entries that torch writes beside the tensors; the later ones came with PyTorch 2. */
const SIDE_ENTRIES = new Set([
  'version',
  'byteorder',
  '.format_version',
  '.storage_alignment',
  '.data/serialization_id',
]);

/** The zip container of one checkpoint: checked as a whole when opened, entries read on request. */
export interface CheckpointArchive {
  /** File name without folder, for messages. */
  readonly file: string;
  /** `data.pkl`, at most 1 MiB. */
  readonly pickle: Uint8Array;
  /** Size of the stored tensor data with this number, or undefined when the archive lacks it. */
  storageBytes(key: string): number | undefined;
  /** The tensor data itself, checked against its CRC-32. @throws SeamlineError `checkpoint-invalid` */
  readStorage(key: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint as `torch.save` of PyTorch 1.6 and newer writes it: a zip file (APPNOTE.TXT) of stored entries in
 * one folder. Sizes come from the central directory, since torch leaves them zero in the local headers. Nothing is
 * written to disk, no entry's name is used as a path, and nothing larger than the file itself is ever allocated.
 * @throws SeamlineError `file-unreadable`, or `checkpoint-invalid` that says what is wrong with the container
 */
export async function openCheckpointArchive(path: string): Promise<CheckpointArchive> {
  const file = basename(path);
  const fileBytes = await checkHead(path, file);
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { strictFileNames: true, autoClose: false });
    const entries = await listEntries(zip, file, fileBytes);
    const pickle = entries.get('data.pkl');
    if (pickle === undefined)
      throw checkpointError(file, 'is a zip file, but no PyTorch checkpoint (no data.pkl inside)');
    await checkSideEntries(zip, entries, file);
    return new ZipArchive(zip, file, entries, await readEntry(zip, pickle, file, MAX_PICKLE_BYTES));
  } catch (cause) {
    zip?.close();
    throw translate(cause, file);
  }
}

class ZipArchive implements CheckpointArchive {
  readonly file: string;
  readonly pickle: Uint8Array;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(zip: ZipFile, file: string, entries: ReadonlyMap<string, Entry>, pickle: Uint8Array) {
    this.#zip = zip;
    this.file = file;
    this.#entries = entries;
    this.pickle = pickle;
  }

  storageBytes(key: string): number | undefined {
    return this.#entries.get(`data/${key}`)?.uncompressedSize;
  }

  async readStorage(key: string): Promise<Uint8Array> {
    const entry = this.#entries.get(`data/${key}`);
    if (entry === undefined) throw checkpointError(this.file, `has no tensor data number ${key}`);
    try {
      return await readEntry(this.#zip, entry, this.file, MAX_FILE_BYTES);
    } catch (cause) {
      throw translate(cause, this.file);
    }
  }

  close(): Promise<void> {
    if (this.#zip.isOpen) this.#zip.close();
    return Promise.resolve();
  }
}

async function checkHead(path: string, file: string): Promise<number> {
  let handle: FileHandle | undefined;
  try {
    // Asked before it is opened: opening a pipe waits for somebody to write.
    const status = await stat(path);
    if (!status.isFile()) throw new SeamlineError('file-unreadable', `${file} is not a file`);
    if (status.size > MAX_FILE_BYTES)
      throw checkpointError(file, 'is larger than 1 GiB, no checkpoint of these networks is');
    handle = await openFile(path, 'r');
    const head = new Uint8Array(512);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    refuseForeignFormat(head.subarray(0, bytesRead), file);
    return status.size;
  } catch (cause) {
    if (cause instanceof SeamlineError) throw cause;
    throw new SeamlineError('file-unreadable', `${file} cannot be read`, { cause });
  } finally {
    await handle?.close();
  }
}

/** Entries by their name below the archive's one folder. */
async function listEntries(zip: ZipFile, file: string, fileBytes: number): Promise<Map<string, Entry>> {
  if (zip.entryCount > MAX_ENTRIES)
    throw checkpointError(file, `lists ${zip.entryCount} entries, at most ${MAX_ENTRIES} are read`);
  const entries = new Map<string, Entry>();
  let folder: string | undefined;
  let storedBytes = 0;
  for await (const entry of zip.eachEntry()) {
    const slash = entry.fileName.indexOf('/');
    const parent = entry.fileName.slice(0, slash + 1);
    const name = entry.fileName.slice(slash + 1);
    folder ??= parent;
    if (slash < 1 || parent !== folder)
      throw checkpointError(file, `holds ${quote(entry.fileName)} outside its one folder`);
    checkEntry(entry, name, file);
    storedBytes += entry.uncompressedSize;
    // Stored entries lie side by side, so together they are smaller than the file; overlapping ones are a bomb.
    if (storedBytes > fileBytes)
      throw checkpointError(file, 'lists more data than the file holds; it is damaged or hostile');
    if (entries.has(name)) throw checkpointError(file, `holds ${quote(entry.fileName)} twice`);
    entries.set(name, entry);
  }
  if (entries.has('constants.pkl')) {
    throw checkpointError(file, 'is a TorchScript archive, not a checkpoint of weights');
  }
  for (const name of entries.keys()) {
    if (name !== 'data.pkl' && !SIDE_ENTRIES.has(name) && !/^data\/\d{1,9}$/.test(name)) {
      throw checkpointError(file, `holds the entry ${quote(name)}, which no checkpoint has`);
    }
  }
  return entries;
}

function checkEntry(entry: Entry, name: string, file: string): void {
  if (entry.isEncrypted()) throw checkpointError(file, `is encrypted (${quote(name)})`);
  if (entry.compressionMethod !== 0 || entry.compressedSize !== entry.uncompressedSize) {
    throw checkpointError(
      file,
      `${quote(name)} is compressed; torch stores its entries as they are. Save the checkpoint anew`,
    );
  }
}

async function checkSideEntries(zip: ZipFile, entries: ReadonlyMap<string, Entry>, file: string): Promise<void> {
  const byteOrder = entries.get('byteorder');
  if (byteOrder === undefined) return;
  const text = new TextDecoder().decode(await readEntry(zip, byteOrder, file, MAX_TEXT_BYTES)).trim();
  if (text !== 'little')
    throw checkpointError(file, `its numbers have the byte order ${quote(text)}, only "little" is read`);
}

async function readEntry(zip: ZipFile, entry: Entry, file: string, maxBytes: number): Promise<Uint8Array> {
  if (entry.uncompressedSize > maxBytes)
    throw checkpointError(file, `${quote(entry.fileName)} is larger than ${maxBytes} bytes`);
  const stream = await zip.openReadStreamPromise(entry);
  const bytes = new Uint8Array(entry.uncompressedSize);
  let at = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    if (at + chunk.length > bytes.length)
      throw checkpointError(file, `${quote(entry.fileName)} is longer than it says`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at !== bytes.length) throw checkpointError(file, `${quote(entry.fileName)} is shorter than it says`);
  if (crc32(bytes) !== entry.crc32)
    throw checkpointError(file, `${quote(entry.fileName)} is damaged (its CRC-32 does not match)`);
  return bytes;
}

function translate(cause: unknown, file: string): SeamlineError {
  if (cause instanceof SeamlineError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return checkpointError(file, `its zip container is damaged: ${reason.slice(0, 200)}`, { cause });
}

/** A foreign text for a message: short, printable. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
