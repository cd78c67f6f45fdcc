import * as THREE from 'three';
import { between, pick, randomFrom } from '../random.ts';
import { matt, solid, swing } from './paint.ts';
import type { Motion } from './paint.ts';

const TOPS = [0xc8372d, 0x2a62a8, 0xe8a92f, 0x2f8a5b, 0xf1ede2, 0x7a3f8c, 0xe0703a, 0x1f3442, 0xd95f86, 0x3f9fb0];
const LEGS = [0x2a3346, 0x4a4036, 0x6b5a45, 0x1d1f24, 0x54617a, 0x8b8170];
const SKINS = [0xf0c8a4, 0xd9a37c, 0xa8714d, 0x7a4d33, 0xf4d4b8];
const HAIRS = [0x2b1d14, 0x5b3a22, 0x111111, 0xb98a4a, 0x8b8580, 0x7a2f1c];

const LIMB = new THREE.CapsuleGeometry(0.085, 0.62, 3, 8).translate(0, -0.38, 0);
const ARM = new THREE.CapsuleGeometry(0.06, 0.46, 3, 8).translate(0, -0.27, 0);
const TRUNK = new THREE.CapsuleGeometry(0.21, 0.4, 4, 12);
const HEAD = new THREE.SphereGeometry(0.15, 14, 12);
const HAIR = new THREE.SphereGeometry(0.165, 14, 10, 0, 2 * Math.PI, 0, 1.75);
const SKIRT = new THREE.CylinderGeometry(0.2, 0.34, 0.6, 14);

/** A figure that faces +z, with joints to move. */
export class Figure {
  readonly body = new THREE.Group();
  private readonly legs: THREE.Mesh[];
  private readonly arms: THREE.Mesh[];

  /** `size` 1 is an adult of 1.75 m. */
  constructor(seed: number, size = 1) {
    const random = randomFrom(seed);
    const top = matt(pick(random, TOPS));
    const cloth = matt(pick(random, LEGS));
    const skin = matt(pick(random, SKINS));
    const inner = new THREE.Group();
    const trunk = solid(TRUNK, top, 0, 1.16, 0);
    trunk.scale.set(1, 1, 0.72);
    const hair = solid(HAIR, matt(pick(random, HAIRS)), 0, 1.63, -0.015);
    hair.rotation.x = -0.35;
    this.legs = [-1, 1].map((side) => solid(LIMB, cloth, side * 0.11, 0.86, 0));
    this.arms = [-1, 1].map((side) => solid(ARM, random() < 0.4 ? skin : top, side * 0.27, 1.42, 0));
    inner.add(trunk, solid(HEAD, skin, 0, 1.61, 0), hair, ...this.legs, ...this.arms);
    if (random() < 0.3) inner.add(solid(SKIRT, top, 0, 0.74, 0));
    if (random() < 0.3)
      inner.add(solid(new THREE.BoxGeometry(0.34, 0.42, 0.18), matt(pick(random, TOPS)), 0, 1.22, -0.25));
    inner.scale.setScalar(size * between(random, 0.95, 1.05));
    this.body.add(inner);
  }

  /** Moves legs and arms: `step` is the sine of the gait, `reach` its size in radians. */
  stride(step: number, reach: number): void {
    [1, -1].forEach((side, i) => {
      this.legs[i]!.rotation.x = side * step * reach;
      this.arms[i]!.rotation.x = -side * step * reach * 0.8;
      this.arms[i]!.rotation.z = -side * -0.1;
    });
    this.body.children[0]!.position.y = 0.03 * Math.abs(step) - 0.02;
  }

  /** Bends the legs forward, for riding and for sitting. */
  sit(left: number, right: number): void {
    this.legs[0]!.rotation.x = left;
    this.legs[1]!.rotation.x = right;
    for (const arm of this.arms) arm.rotation.x = -0.9;
  }
}

interface Walk {
  readonly x: number;
  readonly z: number;
  readonly rx: number;
  readonly rz: number;
  readonly turn: 1 | -1;
  readonly start: number;
  readonly seed: number;
  readonly size?: number;
}

/** Walkers on closed paths, one round per clip. */
const WALKS: readonly Walk[] = [
  { x: -1, z: -37.9, rx: 5, rz: 0.4, turn: 1, start: 0.1, seed: 1 },
  { x: -0.6, z: -38.4, rx: 5, rz: 0.4, turn: 1, start: 0.1, seed: 2 },
  { x: 2, z: -38.7, rx: 5, rz: 0.2, turn: -1, start: 0.55, seed: 3 },
  { x: 14, z: -37.4, rx: 7, rz: 0.3, turn: 1, start: 0.3, seed: 4 },
  { x: 9, z: -26, rx: 6, rz: 1.6, turn: -1, start: 0.8, seed: 5 },
  { x: 9.6, z: -26.5, rx: 6, rz: 1.6, turn: -1, start: 0.8, seed: 6, size: 0.68 },
  { x: -22, z: -37.6, rx: 7, rz: 0.25, turn: 1, start: 0.4, seed: 7 },
  { x: -14, z: -36.9, rx: 6, rz: 0.5, turn: -1, start: 0.7, seed: 8 },
  { x: 27, z: -36, rx: 6, rz: 1.5, turn: 1, start: 0.9, seed: 9 },
  { x: 6, z: -28.5, rx: 5.5, rz: 2, turn: 1, start: 0.2, seed: 10 },
  { x: -27, z: -27, rx: 5, rz: 2.4, turn: -1, start: 0.0, seed: 12 },
  { x: 22, z: -24.5, rx: 5.5, rz: 0.6, turn: 1, start: 0.62, seed: 13 },
  { x: 4, z: -46.9, rx: 9, rz: 0.25, turn: 1, start: 0.45, seed: 14 },
  { x: -9, z: -46.9, rx: 9, rz: 0.25, turn: -1, start: 0.05, seed: 15 },
  { x: 19, z: -46.9, rx: 9, rz: 0.25, turn: 1, start: 0.15, seed: 16 },
  { x: -24, z: -46.9, rx: 9, rz: 0.25, turn: 1, start: 0.85, seed: 17 },
];

/** People who stand and talk: x, z and the direction they face. */
const STANDING: readonly (readonly [number, number, number])[] = [
  [-5.4, -37.6, 0.6],
  [-4.6, -37.4, -0.9],
  [9.3, -39.8, 2.9],
  [10.1, -39.7, -2.8],
  [-12.2, -40, 3.1],
  [14.3, -39.9, 3.0],
  [25.5, -29, 1.2],
  [26.4, -28.7, -1.4],
  [-28.2, -33, 0.4],
  [-27.4, -33.4, -0.6],
  [4.6, -33.2, -1.4],
];

function walker(walk: Walk): { figure: Figure; move: Motion } {
  const figure = new Figure(walk.seed, walk.size ?? 1);
  const length = Math.PI * (3 * (walk.rx + walk.rz) - Math.sqrt((3 * walk.rx + walk.rz) * (walk.rx + 3 * walk.rz)));
  const cycles = Math.round(length / 1.45 / (walk.size ?? 1));
  const move: Motion = (phase) => {
    const angle = walk.turn * 2 * Math.PI * (phase + walk.start);
    figure.body.position.set(walk.x + walk.rx * Math.cos(angle), 0, walk.z + walk.rz * Math.sin(angle));
    figure.body.rotation.y = Math.atan2(-walk.turn * walk.rx * Math.sin(angle), walk.turn * walk.rz * Math.cos(angle));
    figure.stride(swing(phase, cycles, walk.start), 0.5);
  };
  return { figure, move };
}

/** Passers-by: those who walk and those who stand. */
export function buildPeople(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const motions: Motion[] = [];
  for (const walk of WALKS) {
    const { figure, move } = walker(walk);
    group.add(figure.body);
    motions.push(move);
  }
  STANDING.forEach(([x, z, facing], i) => {
    const figure = new Figure(40 + i);
    figure.body.position.set(x, 0, z);
    group.add(figure.body);
    motions.push((phase) => {
      figure.body.rotation.y = facing + 0.25 * swing(phase, 2 + (i % 3), i * 0.37);
      figure.stride(0.4 * swing(phase, 5 + (i % 4), i * 0.21), 0.3);
    });
  });
  return { group, move: (phase) => motions.forEach((move) => move(phase)) };
}
