// The kernels' exports. Addresses are byte offsets into the one shared memory; every size and layout is explained at
// the typed loader (../index.ts) and at the scalar twins (../reference*.ts).
export { advanceNodes, tpsNodes } from './nodes';
export { planCells } from './plan';
export { edgeAlpha } from './edge-alpha';
export { fillBlack } from './fill';
export { fillBackdrop } from './backdrop';
export { drawLuma } from './remap-luma';
export { drawChroma } from './remap-chroma';
export { scaleLuma, blockSums, changedBlocks } from './luma-scale';
export { scaleRgb } from './rgb-scale';
export { overlapBins } from './overlap-bins';
