import type { Photometry } from './rigs.ts';

/** Exposure before the tone curve, the same for every view. */
export const EXPOSURE = 0.8;

/** The tone curve: Narkowicz's fit of the ACES film curve, from linear light to linear display light. */
function film(light: number): number {
  const x = light * EXPOSURE;
  return Math.min(1, Math.max(0, (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)));
}

/** The inverse of the tone curve, for display light up to 1. */
function unfilm(display: number): number {
  const [a, b, c] = [2.51 - 2.43 * display, 0.03 - 0.59 * display, -0.14 * display];
  return (-b + Math.sqrt(b * b - 4 * a * c)) / (2 * a) / EXPOSURE;
}

/** The transfer function of sRGB (IEC 61966-2-1) and its inverse; both from 0…1 to 0…1. */
const encode = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
const decode = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/**
 * Tables from an 8-bit value of a picture taken at exposure 0 without white balance to the value, 0…255, that the given
 * photometry makes of the same light: one each for red, green and blue.
 */
export function toneTables({ ev, gains }: Photometry): Float32Array[] {
  return gains.map((gain) =>
    Float32Array.from({ length: 256 }, (_, v) => 255 * encode(film(unfilm(decode(v / 255)) * gain * 2 ** ev))),
  );
}
