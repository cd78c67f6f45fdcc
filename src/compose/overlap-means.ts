import { SUMS_PER_WORKER } from './strip-protocol.ts';

/** Mean values of one view where both views show the scene, grey levels. */
interface ViewMeans {
  readonly luma: number;
  readonly u: number;
  readonly v: number;
}

/** How both views look in the overlap. */
export interface OverlapMeans {
  /** Blocks of 8 × 8 px that were compared; below about 20 the means say little. */
  readonly blocks: number;
  readonly reference: ViewMeans;
  readonly target: ViewMeans;
}

/** Samples of luma and of each chroma plane in a block. */
const LUMA_SAMPLES = 64;
const CHROMA_SAMPLES = 16;

/** The workers' sums as means. @returns undefined when no block was usable */
export function overlapMeans(sums: Float64Array): OverlapMeans | undefined {
  const total = new Float64Array(SUMS_PER_WORKER);
  for (let index = 0; index < sums.length; index += 1) {
    const word = index % SUMS_PER_WORKER;
    total[word] = (total[word] ?? 0) + (sums[index] ?? 0);
  }
  const blocks = total[0] ?? 0;
  if (blocks === 0) return undefined;
  const means = (at: number): ViewMeans => ({
    luma: (total[at] ?? 0) / (blocks * LUMA_SAMPLES),
    u: (total[at + 1] ?? 0) / (blocks * CHROMA_SAMPLES),
    v: (total[at + 2] ?? 0) / (blocks * CHROMA_SAMPLES),
  });
  return { blocks, reference: means(1), target: means(4) };
}
