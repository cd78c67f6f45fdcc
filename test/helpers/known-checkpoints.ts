import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointLayout, type NetworkRole } from '../../src/bundle-import/checkpoint-layout.ts';
import { checkpointFile, type TestTensor } from './checkpoint-file.ts';

const ROLES: readonly NetworkRole[] = ['spatial', 'temporal', 'smooth'];

/**
 * Writes checkpoints of StabStitch++ that give one answer for any pair: a known alignment, no motion, no smoothing. All
 * weights are zero but the last layer's bias.
 * @param offsets of the corners (0, 0), (480, 0), (0, 360), (480, 360) from the reference to the target, x and y
 *   interleaved, pixels of 480×360
 */
export async function writeKnownCheckpoints(folder: string, offsets: readonly number[]): Promise<void> {
  for (const role of ROLES) {
    const tensors: Record<string, TestTensor> = {};
    for (const [key, shape] of checkpointLayout(role)) {
      const values = key === 'regressNet1_part2.4.bias' ? offsets : [];
      tensors[key] = shape.length === 0 ? { shape, type: 'Long' } : { shape, values };
    }
    await writeFile(join(folder, `${role}_warp.pth`), checkpointFile(tensors));
  }
}
