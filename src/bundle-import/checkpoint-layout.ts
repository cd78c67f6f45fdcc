import type { FieldError } from '../common/seamline-error.ts';
import { checkpointError, joinReasons } from './checkpoint-error.ts';
import type { Checkpoint, Shape } from './checkpoint.ts';

/** The three networks of StabStitch++. */
export type NetworkRole = 'spatial' | 'temporal' | 'smooth';

/** Names and shapes of the tensors that a network's state dict must have, no more and no less. */
export type CheckpointLayout = ReadonlyMap<string, Shape>;

/** Output channels of the 3×3 convolutions of a stack; pooling follows every second one. */
const shortStack = [64, 64, 128, 128, 128, 128] as const;
const longStack = [...shortStack, 256, 256] as const;

/** Index of each convolution inside its Sequential: ReLU follows each, pooling every second. */
export const convolutionIndex = (position: number): number => position * 2 + Math.floor(position / 2);

const parts: Record<NetworkRole, (layout: Map<string, Shape>) => void> = {
  spatial: (layout) => {
    stack(layout, 'regressNet1_part1', 2, shortStack);
    perceptron(layout, 'regressNet1_part2', [768, 512, 128, 8]);
    for (const view of ['ref', 'tgt']) {
      stack(layout, `regressNet2_part1_${view}`, 121, longStack);
      perceptron(layout, `regressNet2_part2_${view}`, [1536, 1024, 512, 126]);
    }
    backbone(layout);
  },
  temporal: (layout) => {
    stack(layout, 'regressNet2_part1', 49, longStack);
    perceptron(layout, 'regressNet2_part2', [1536, 1024, 512, 126]);
    backbone(layout);
  },
  smooth: (layout) => {
    for (const [key, size] of [
      ['embedding1.0', [32, 2]],
      ['embedding2.0', [8, 1]],
      ['embedding3.0', [32, 2]],
      ['MotionConv3D.0', [128, 128, 5, 3, 3]],
      ['MotionConv3D.2', [128, 128, 5, 3, 3]],
      ['MotionConv3D.4', [128, 128, 5, 3, 3]],
      ['decoding.0', [4, 128]],
    ] as const) {
      layout.set(`MotionPre.${key}.weight`, size);
      layout.set(`MotionPre.${key}.bias`, [size[0]]);
    }
  },
};

function stack(layout: Map<string, Shape>, prefix: string, inputs: number, outputs: readonly number[]): void {
  outputs.forEach((channels, position) => {
    const before = position === 0 ? inputs : (outputs[position - 1] ?? 0);
    layout.set(`${prefix}.${convolutionIndex(position)}.weight`, [channels, before, 3, 3]);
  });
}

function perceptron(layout: Map<string, Shape>, prefix: string, sizes: readonly number[]): void {
  sizes.slice(1).forEach((size, layer) => {
    layout.set(`${prefix}.${layer * 2}.weight`, [size, sizes[layer] ?? 0]);
    layout.set(`${prefix}.${layer * 2}.bias`, [size]);
  });
}

function backbone(layout: Map<string, Shape>): void {
  const stem = 'feature_extractor_stage1';
  layout.set(`${stem}.0.weight`, [64, 3, 7, 7]);
  batchNorm(layout, `${stem}.1`, 64);
  residualLayer(layout, `${stem}.4`, 64, 64);
  residualLayer(layout, `${stem}.5`, 64, 128);
  residualLayer(layout, 'feature_extractor_stage2.0', 128, 256);
}

function residualLayer(layout: Map<string, Shape>, prefix: string, inputs: number, channels: number): void {
  for (const block of [0, 1]) {
    const name = `${prefix}.${block}`;
    layout.set(`${name}.conv1.weight`, [channels, block === 0 ? inputs : channels, 3, 3]);
    batchNorm(layout, `${name}.bn1`, channels);
    layout.set(`${name}.conv2.weight`, [channels, channels, 3, 3]);
    batchNorm(layout, `${name}.bn2`, channels);
    if (block === 0 && inputs !== channels) {
      layout.set(`${name}.downsample.0.weight`, [channels, inputs, 1, 1]);
      batchNorm(layout, `${name}.downsample.1`, channels);
    }
  }
}

function batchNorm(layout: Map<string, Shape>, prefix: string, channels: number): void {
  for (const key of ['weight', 'bias', 'running_mean', 'running_var']) layout.set(`${prefix}.${key}`, [channels]);
  layout.set(`${prefix}.num_batches_tracked`, []);
}

/** What the state dict of one network holds. */
export function checkpointLayout(role: NetworkRole): CheckpointLayout {
  const layout = new Map<string, Shape>();
  parts[role](layout);
  return layout;
}

const FIRST_STABSTITCH =
  'of the first StabStitch (ECCV 2024), which warps one view only; this importer reads StabStitch++ (TPAMI 2025) checkpoints';

/**
 * Which network a state dict is of, by its keys and shapes, never by the file's name.
 * @throws SeamlineError `checkpoint-invalid` for the first StabStitch and for anything else
 */
export function recogniseNetwork(checkpoint: Checkpoint): NetworkRole {
  const shape = (key: string): Shape | undefined => checkpoint.tensors.get(key)?.shape;
  const { file } = checkpoint;
  if (shape('regressNet2_part1_ref.0.weight') !== undefined) return 'spatial';
  const head = shape('regressNet2_part1.0.weight');
  if (head?.[1] === 121) throw checkpointError(file, `is the spatial network ${FIRST_STABSTITCH}`);
  if (head !== undefined && shape('regressNet1_part1.0.weight') !== undefined) {
    throw checkpointError(file, `is the temporal network ${FIRST_STABSTITCH}`);
  }
  if (head !== undefined) return 'temporal';
  const decoding = shape('MotionPre.decoding.0.weight');
  if (decoding?.[0] === 2) throw checkpointError(file, `is the smoothing network ${FIRST_STABSTITCH}`);
  if (decoding !== undefined) return 'smooth';
  const keys = [...checkpoint.tensors.keys()].slice(0, 3).join(', ').slice(0, 200);
  throw checkpointError(file, `is no network of StabStitch++ (its first keys: ${keys || 'none'})`);
}

/**
 * Compares a state dict with the network it must be.
 * @throws SeamlineError `checkpoint-invalid`: `errors` lists every missing, extra and misshapen key, all at once
 */
export function checkLayout(checkpoint: Checkpoint, role: NetworkRole): void {
  const layout = checkpointLayout(role);
  const errors: FieldError[] = [];
  for (const [field, shape] of layout) {
    const tensor = checkpoint.tensors.get(field);
    if (tensor === undefined) errors.push({ field, message: 'is missing' });
    else {
      const isCounter = shape.length === 0;
      if (tensor.shape.join() !== shape.join()) {
        errors.push({ field, message: `has the shape [${tensor.shape.join(', ')}] instead of [${shape.join(', ')}]` });
      } else if (isCounter !== (tensor.storage.type === 'int64')) {
        errors.push({ field, message: `is ${tensor.storage.type} instead of ${isCounter ? 'int64' : 'float32'}` });
      }
    }
  }
  for (const field of checkpoint.tensors.keys()) {
    if (!layout.has(field)) errors.push({ field, message: 'is not part of this network' });
  }
  if (errors.length === 0) return;
  throw checkpointError(checkpoint.file, `is not a StabStitch++ ${role} network: ${joinReasons(errors)}`, { errors });
}
