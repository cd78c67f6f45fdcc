/** H.264 Table A-1: level name, macroblocks a second, macroblocks a frame. */
const LEVELS: readonly (readonly [string, number, number])[] = [
  ['3.0', 40_500, 1_620],
  ['3.1', 108_000, 3_600],
  ['3.2', 216_000, 5_120],
  ['4.0', 245_760, 8_192],
  ['4.2', 522_240, 8_704],
  ['5.0', 589_824, 22_080],
  ['5.1', 983_040, 36_864],
  ['5.2', 2_073_600, 36_864],
];

/** Lowest level that allows the picture size at this rate. @throws RangeError beyond level 5.2 */
export function h264Level(widthPx: number, heightPx: number, fps: number): string {
  const blocks = Math.ceil(widthPx / 16) * Math.ceil(heightPx / 16);
  const level = LEVELS.find(([, perSecond, perFrame]) => blocks <= perFrame && blocks * fps <= perSecond);
  if (level === undefined) throw new RangeError(`${widthPx}×${heightPx} at ${fps} fps is beyond H.264 level 5.2`);
  return level[0];
}
