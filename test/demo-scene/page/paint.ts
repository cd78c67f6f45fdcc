import * as THREE from 'three';
import { between } from '../random.ts';
import type { Random } from '../random.ts';

/** A canvas to draw on, with a scale from metres to pixels and its origin at the bottom left when `metres` is used. */
export type Pen = OffscreenCanvasRenderingContext2D;

/** A texture of `width` × `height` pixels drawn by `draw`, filtered for slanted views. */
export function paint(width: number, height: number, draw: (pen: Pen) => void): THREE.Texture {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('no 2-D canvas');
  draw(pen);
  const texture = new THREE.CanvasTexture(canvas);
  texture.anisotropy = 1;
  return texture;
}

/** A CSS colour from `hex`, each channel moved by up to ±`spread` (of 255), all by the same amount. */
export function shade(random: Random, hex: number, spread: number): string {
  const move = between(random, -spread, spread);
  const part = (shift: number): number => Math.max(0, Math.min(255, Math.round(((hex >> shift) & 255) + move)));
  return `rgb(${part(16)} ${part(8)} ${part(0)})`;
}

/** The CSS form of a 24-bit colour, with an opacity. */
export function css(hex: number, opacity = 1): string {
  return `rgb(${(hex >> 16) & 255} ${(hex >> 8) & 255} ${hex & 255} / ${opacity})`;
}

/** Soft stains all over a surface, so that no area is of one colour. */
export function stain(pen: Pen, random: Random, width: number, height: number, count: number, opacity: number): void {
  for (let i = 0; i < count; i += 1) {
    const [x, y] = [random() * width, random() * height];
    const radius = between(random, 0.03, 0.16) * Math.max(width, height);
    const glow = pen.createRadialGradient(x, y, 0, x, y, radius);
    const tone = random() < 0.55 ? '40 30 20' : '255 250 235';
    glow.addColorStop(0, `rgb(${tone} / ${opacity})`);
    glow.addColorStop(1, `rgb(${tone} / 0)`);
    pen.fillStyle = glow;
    pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
}

const plain = new Map<string, THREE.MeshLambertMaterial>();

/** A matt material of one colour, the same object for the same colour; `both` shows it from behind, too. */
export function matt(color: number, both = false): THREE.MeshLambertMaterial {
  const side = both ? THREE.DoubleSide : THREE.FrontSide;
  const known = plain.get(`${color} ${side}`) ?? new THREE.MeshLambertMaterial({ color, side });
  plain.set(`${color} ${side}`, known);
  return known;
}

/** A matt material with a picture on it. */
export function printed(map: THREE.Texture, both = false): THREE.MeshLambertMaterial {
  return new THREE.MeshLambertMaterial({ map, side: both ? THREE.DoubleSide : THREE.FrontSide });
}

/** A mesh that casts and takes shadows, at (x, y, z). */
export function solid(
  geometry: THREE.BufferGeometry,
  material: THREE.Material | THREE.Material[],
  x = 0,
  y = 0,
  z = 0,
): THREE.Mesh {
  const mesh = new THREE.Mesh(geometry, material);
  mesh.position.set(x, y, z);
  mesh.castShadow = true;
  mesh.receiveShadow = true;
  return mesh;
}

/** A box of the given size that stands with the middle of its bottom at (x, y, z). */
export function box(
  size: readonly [number, number, number],
  material: THREE.Material,
  x: number,
  y: number,
  z: number,
): THREE.Mesh {
  return solid(new THREE.BoxGeometry(...size), material, x, y + size[1] / 2, z);
}

/** What moves: called with the phase of the clip, 0 ≤ phase < 1, before each frame. */
export type Motion = (phase: number) => void;

/** A sine that runs `cycles` whole times in a clip. */
export function swing(phase: number, cycles: number, offset = 0): number {
  return Math.sin(2 * Math.PI * (phase * cycles + offset));
}
