import type { ViewGain } from '../compose/view-gain.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';

/** A view that gives no pictures is shown as a still for this long … */
const STILL_US = 10_000_000;
/** … and then becomes dark within this. */
const DARKEN_US = 2_000_000;

/** Light that a view is shown with when its picture is `ageUs` older than the other one: 1 as it is, 0 dark. */
export function lightOf(ageUs: number): number {
  return Math.min(1, Math.max(0, 1 - (ageUs - STILL_US) / DARKEN_US));
}

/** The gains of both views, a lost one darkened, so that nobody takes an old picture for a live one. */
export function withLostViewDark(gains: readonly [ViewGain, ViewGain], pair: FramePair): readonly [ViewGain, ViewGain] {
  const [reference, target] = gains;
  return [
    pair.referenceIsHeld ? darkened(reference, lightOf(pair.skewUs)) : reference,
    pair.targetIsHeld ? darkened(target, lightOf(-pair.skewUs)) : target,
  ];
}

function darkened(gain: ViewGain, light: number): ViewGain {
  if (light === 1) return gain;
  const { luma, chroma, lumaOffset = 0, uOffset = 0, vOffset = 0 } = gain;
  return {
    luma: luma * light,
    chroma: chroma * light,
    lumaOffset: lumaOffset * light,
    uOffset: uOffset * light,
    vOffset: vOffset * light,
  };
}
