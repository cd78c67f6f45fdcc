import * as THREE from 'three';
import { bake } from './bake.ts';
import { between, pick, randomFrom } from '../random.ts';
import { box, css, matt, paint, printed, solid, swing } from './paint.ts';
import type { Motion } from './paint.ts';

const FLAG_COLORS = [0xd7352f, 0xf1b52e, 0x2d74b8, 0x3a9a5f, 0xf4efe3, 0xe0719c];

function striped(a: number, b: number, count: number): THREE.Texture {
  return paint(512, 64, (pen) => {
    for (let i = 0; i < count; i += 1) {
      pen.fillStyle = css(i % 2 === 0 ? a : b);
      pen.fillRect((i * 512) / count, 0, 512 / count + 1, 64);
    }
  });
}

/** A market stall with a striped roof and goods on its table, its front towards the cameras. */
function stall(seed: number, color: number): THREE.Group {
  const random = randomFrom(seed);
  const group = new THREE.Group();
  const wood = matt(0x8a6544);
  for (const x of [-1.5, 1.5]) for (const z of [-0.9, 0.9]) group.add(box([0.1, 2.3, 0.1], wood, x, 0, z));
  group.add(box([3.1, 0.95, 1.1], matt(color), 0, 0, 0.35));
  const cloth = printed(striped(color, 0xf6f0e2, 12), true);
  const roof = new THREE.PlaneGeometry(3.5, 1.6).rotateX(-0.9);
  group.add(solid(roof, cloth, 0, 2.62, 0.62));
  group.add(solid(new THREE.PlaneGeometry(3.5, 1.3).rotateX(-Math.PI + 0.8), cloth, 0, 2.7, -0.5));
  group.add(solid(new THREE.PlaneGeometry(3.5, 0.35), cloth, 0, 1.94, 1.14));
  for (let i = 0; i < 7; i += 1) {
    const crate = pick(random, [0xb98d58, 0xa67c4b]);
    const x = -1.3 + i * 0.43;
    group.add(box([0.38, 0.16, 0.85], matt(crate), x, 0.95, 0.4));
    const fruit = matt(pick(random, [0xd8442f, 0xf0a52c, 0x6fa23c, 0x8a3f72, 0xf2d24a, 0xe8763a]));
    for (let k = 0; k < 5; k += 1) {
      const ball = new THREE.SphereGeometry(0.095, 8, 6);
      group.add(solid(ball, fruit, x + between(random, -0.12, 0.12), 1.17 + 0.02 * k, 0.12 + k * 0.15));
    }
  }
  return group;
}

/** A café table under a parasol. */
function parasol(color: number): THREE.Group {
  const group = new THREE.Group();
  group.add(solid(new THREE.CylinderGeometry(0.04, 0.04, 2.5, 8), matt(0x6b5a48), 0, 1.25, 0));
  const shade = new THREE.ConeGeometry(1.5, 0.7, 8);
  group.add(solid(shade, printed(striped(color, 0xf4eedf, 16), true), 0, 2.5, 0));
  group.add(solid(new THREE.CylinderGeometry(0.5, 0.5, 0.05, 18), matt(0xe9e2d4), 0, 0.74, 0));
  for (const angle of [0.4, 2.3, 4.4]) {
    const [x, z] = [Math.cos(angle) * 0.85, Math.sin(angle) * 0.85];
    group.add(box([0.4, 0.46, 0.4], matt(0x9c5a38), x, 0, z), box([0.4, 0.5, 0.06], matt(0x9c5a38), x, 0.46, z + 0.18));
  }
  return group;
}

/** A street lamp with two lanterns. */
function lamp(): THREE.Group {
  const group = new THREE.Group();
  const iron = matt(0x26302f);
  group.add(solid(new THREE.CylinderGeometry(0.06, 0.11, 5, 10), iron, 0, 2.5, 0), box([0.5, 0.5, 0.5], iron, 0, 0, 0));
  group.add(box([1.5, 0.08, 0.08], iron, 0, 4.7, 0));
  for (const x of [-0.75, 0.75]) {
    group.add(box([0.3, 0.45, 0.3], matt(0xfff3cf), x, 4.15, 0));
    group.add(solid(new THREE.ConeGeometry(0.3, 0.25, 8), iron, x, 4.72, 0));
  }
  return group;
}

/** A line of pennants that hangs between two points. */
function bunting(from: THREE.Vector3, to: THREE.Vector3, sag: number, seed: number): THREE.Group {
  const group = new THREE.Group();
  const random = randomFrom(seed);
  const count = Math.round(from.distanceTo(to) / 0.62);
  const at = (t: number): THREE.Vector3 =>
    from
      .clone()
      .lerp(to, t)
      .setY(from.y + (to.y - from.y) * t - sag * 4 * t * (1 - t));
  for (let i = 0; i < count; i += 1) {
    const [a, b] = [at(i / count), at((i + 1) / count)];
    const low = a
      .clone()
      .lerp(b, 0.5)
      .setY((a.y + b.y) / 2 - 0.55);
    const geometry = new THREE.BufferGeometry().setFromPoints([a, low, b]);
    geometry.computeVertexNormals();
    const material = matt(pick(random, FLAG_COLORS), true);
    group.add(solid(geometry, material));
  }
  const cord = new THREE.TubeGeometry(
    new THREE.CatmullRomCurve3(Array.from({ length: 13 }, (_, i) => at(i / 12))),
    24,
    0.025,
    4,
  );
  group.add(solid(cord, matt(0x3a332c)));
  return group;
}

/** A flag on a pole that waves a whole number of times per clip. */
function flag(
  colors: readonly [number, number, number],
  x: number,
  y: number,
  z: number,
): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const cloth = paint(96, 96, (pen) =>
    colors.forEach((color, i) => {
      pen.fillStyle = css(color);
      pen.fillRect(0, i * 32, 96, 32);
    }),
  );
  const sheet = new THREE.PlaneGeometry(2.3, 1.4, 16, 3).translate(1.15, 0, 0);
  const rest = Float32Array.from(sheet.getAttribute('position').array);
  const mesh = solid(sheet, printed(cloth, true), x, y + 3.2, z);
  group.add(solid(new THREE.CylinderGeometry(0.05, 0.06, 4, 8), matt(0xe8e2d6), x, y + 2, z), mesh);
  const move: Motion = (phase) => {
    const position = sheet.getAttribute('position');
    for (let i = 0; i < position.count; i += 1) {
      const u = rest[i * 3]!;
      position.setZ(i, 0.22 * u * 0.6 * swing(phase, 22, -u * 0.45));
      position.setY(i, rest[i * 3 + 1]! - 0.05 * u + 0.03 * u * swing(phase, 22, -u * 0.4));
    }
    position.needsUpdate = true;
    sheet.computeVertexNormals();
  };
  return { group, move };
}

/** A hot-air balloon that drifts on a closed path far behind the town. */
function balloon(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const skin = paint(512, 64, (pen) =>
    FLAG_COLORS.concat(FLAG_COLORS).forEach((color, i) => {
      pen.fillStyle = css(color);
      pen.fillRect((i * 512) / 12, 0, 44, 64);
    }),
  );
  const hull = new THREE.SphereGeometry(6, 28, 20);
  hull.scale(1, 1.12, 1);
  group.add(
    solid(hull, printed(skin)),
    solid(new THREE.CylinderGeometry(3.2, 1, 3.4, 20, 1, true), matt(0xd7352f), 0, -6.6, 0),
  );
  group.add(box([1.7, 1.4, 1.7], matt(0x7a5434), 0, -11, 0));
  return {
    group,
    move: (phase) => group.position.set(-62 + 5 * swing(phase, 1), 40 + 1.6 * swing(phase, 1, 0.25), -130),
  };
}

/** The furniture of the square. */
export function buildSquare(): { group: THREE.Group; move: Motion } {
  const still = new THREE.Group();
  const put = (part: THREE.Group, x: number, z: number, turn = 0): void => {
    part.position.set(x, 0, z);
    part.rotation.y = turn;
    still.add(part);
  };
  [
    [-13.2, 0xb8322d],
    [-8.4, 0x2f6d9e],
    [9.2, 0x2f8059],
    [13.6, 0xd98a28],
    [25.2, 0x7d3f86],
  ].forEach(([x, color], i) => put(stall(160 + i, color!), x!, -38.9));
  [
    [-4, 0x356aa0],
    [-1, 0xbb3b34],
    [4.4, 0x2f8059],
    [7.2, 0xd9a02c],
    [-27, 0xbb3b34],
    [-24, 0x356aa0],
    [28, 0x2f8059],
  ].forEach(([x, color]) => put(parasol(color!), x!, -47.1 + 0.4));
  for (const x of [-23.5, -6.5, 7.3, 23]) put(lamp(), x, -38.2);
  for (const x of [-26, 26]) put(lamp(), x * 0.52, -22.8);
  const posts = [-23.5, -6.5, 7.3, 23].map((x) => new THREE.Vector3(x, 4.95, -38.2));
  posts.slice(1).forEach((post, i) => still.add(bunting(posts[i]!, post, 0.75, 170 + i)));
  const flags = [
    flag([0x356aa0, 0xf1b52e, 0x356aa0], -39, 13, -48.4),
    flag([0xe0719c, 0xf4efe3, 0x6a3f8c], 11.8, 12.6, -50.4),
    flag([0x2f8a7a, 0xf1b52e, 0x6a3f8c], -8.6, 12.4, -50.4),
  ];
  const air = balloon();
  const group = bake(still);
  group.add(...flags.map((each) => each.group), air.group);
  return {
    group,
    move: (phase) => {
      for (const each of [...flags, air]) each.move(phase);
    },
  };
}
