import { checkpointError } from './checkpoint-error.ts';

const startsWith = (bytes: Uint8Array, head: readonly number[]): boolean =>
  bytes.length >= head.length && head.every((value, index) => bytes[index] === value);

/** Pickle protocol 2, LONG1 of ten bytes: 0x1950a86a20f9469cfc6c, the first object of every file of PyTorch before 1.6. */
const LEGACY_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

const RESAVE =
  "Re-save it with a newer PyTorch: python3 -c \"import torch; torch.save(torch.load('OLD.pth', map_location='cpu'), 'NEW.pth')\"";

/**
 * Says in plain words what a file is when it is no zip archive.
 * @param head the first bytes of the file, up to 512
 * @throws SeamlineError `checkpoint-invalid` for everything but a zip file
 */
export function refuseForeignFormat(head: Uint8Array, file: string): void {
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) return;
  const text = new TextDecoder('latin1').decode(head);
  let reason = 'is not a PyTorch checkpoint (a zip archive as torch.save writes it)';
  if (head.length === 0) reason = 'is empty';
  else if (startsWith(head, LEGACY_MAGIC)) {
    reason = `is in the format that PyTorch wrote before version 1.6 (a chain of pickles, no zip). ${RESAVE}`;
  } else if (startsWith(head, [0x80]) && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) {
    reason = `is a bare Python pickle, not a checkpoint in PyTorch's zip format. ${RESAVE}`;
  } else if (text.slice(257, 262) === 'ustar')
    reason = `is a tar archive. Unpack it, or if PyTorch before 0.2 wrote it: ${RESAVE}`;
  else if (startsWith(head, [0x1f, 0x8b])) reason = 'is compressed with gzip; expand it first (gunzip)';
  else if (startsWith(head, [0x89, 0x48, 0x44, 0x46])) reason = 'is an HDF5 file, not a PyTorch checkpoint';
  else if (/^\s*(<!doctype html|<html)/i.test(text))
    reason = 'is a web page; the download gave a page instead of the file';
  else if (text.startsWith('version https://git-lfs'))
    reason = 'is a Git LFS pointer; fetch the file itself with git lfs pull';
  throw checkpointError(file, reason);
}
