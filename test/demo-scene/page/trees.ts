import * as THREE from 'three';
import { mergeGeometries } from 'three/addons/utils/BufferGeometryUtils.js';
import { between, randomFrom } from '../random.ts';
import type { Random } from '../random.ts';
import { matt, paint, shade, solid, swing } from './paint.ts';
import type { Motion } from './paint.ts';

/** A cluster of leaves on a clear ground. */
function leaves(): THREE.Texture {
  return paint(256, 256, (pen) => {
    const random = randomFrom(61);
    pen.clearRect(0, 0, 256, 256);
    for (let i = 0; i < 150; i += 1) {
      const [angle, r] = [random() * 2 * Math.PI, Math.sqrt(random()) * 104];
      pen.save();
      pen.translate(128 + r * Math.cos(angle), 128 + r * Math.sin(angle));
      pen.rotate(random() * 6.3);
      pen.fillStyle = shade(random, 0xb4cc84, 44);
      pen.beginPath();
      pen.ellipse(0, 0, between(random, 11, 18), between(random, 6, 9), 0, 0, 7);
      pen.fill();
      pen.restore();
    }
  });
}

/** One quad of leaves whose normals point away from the middle of the crown, so that the crown is lit as one body. */
function spray(random: Random, at: THREE.Vector3, size: number, tint: THREE.Color): THREE.BufferGeometry {
  const quad = new THREE.PlaneGeometry(size, size);
  quad.rotateZ(random() * 6.3);
  quad.rotateX(between(random, -0.7, 0.7));
  quad.rotateY(between(random, -0.8, 0.8));
  quad.translate(at.x, at.y, at.z);
  const normal = at.clone().normalize();
  const count = quad.getAttribute('position').count;
  const normals = new Float32Array(count * 3);
  const colors = new Float32Array(count * 3);
  for (let i = 0; i < count; i += 1) {
    normals.set([normal.x, normal.y + 0.25, normal.z + 0.25], i * 3);
    colors.set([tint.r, tint.g, tint.b], i * 3);
  }
  quad.setAttribute('normal', new THREE.BufferAttribute(normals, 3));
  quad.setAttribute('color', new THREE.BufferAttribute(colors, 3));
  return quad;
}

function crown(random: Random, radius: number, hue: number): THREE.BufferGeometry {
  const parts: { depth: number; quad: THREE.BufferGeometry }[] = [];
  const lumps = Array.from({ length: 9 }, () => {
    const direction = new THREE.Vector3(between(random, -1, 1), between(random, -0.7, 1), between(random, -1, 1));
    return direction.normalize().multiplyScalar(radius * 0.58);
  });
  for (let i = 0; i < 300; i += 1) {
    const lump = lumps[i % lumps.length]!;
    const away = new THREE.Vector3(between(random, -1, 1), between(random, -1, 1), between(random, -1, 1)).normalize();
    const at = lump.clone().addScaledVector(away, radius * between(random, 0.3, 0.55));
    const light = 0.13 + (0.16 * at.y) / radius + (0.16 * at.length()) / radius;
    const tint = new THREE.Color().setHSL(hue + between(random, -0.02, 0.02), 0.46, light);
    parts.push({ depth: at.z, quad: spray(random, at, radius * between(random, 0.34, 0.5), tint) });
  }
  // Front to back: what is behind fails the depth test before it is shaded.
  parts.sort((a, b) => b.depth - a.depth);
  return mergeGeometries(parts.map((part) => part.quad));
}

interface Plant {
  readonly x: number;
  readonly z: number;
  readonly height: number;
  readonly radius: number;
  readonly hue: number;
}

const PLANTS: readonly Plant[] = [
  { x: -21, z: -32.5, height: 4.6, radius: 2.7, hue: 0.27 },
  { x: -16.4, z: -33.5, height: 3.9, radius: 2.2, hue: 0.24 },
  { x: 16.6, z: -32.5, height: 4.2, radius: 2.4, hue: 0.25 },
  { x: 20.8, z: -30.5, height: 4.9, radius: 2.8, hue: 0.28 },
  { x: -31, z: -38.6, height: 4.4, radius: 2.2, hue: 0.26 },
  { x: 30.5, z: -38.6, height: 4.4, radius: 2.2, hue: 0.23 },
  { x: -10.6, z: -38.4, height: 3.1, radius: 1.3, hue: 0.25 },
  { x: 11, z: -38.4, height: 3.1, radius: 1.3, hue: 0.27 },
];

/** The trees of the square, swaying a little. */
export function buildTrees(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const material = new THREE.MeshLambertMaterial({ map: leaves(), alphaTest: 0.5, vertexColors: true });
  const bark = matt(0x6b5140);
  const crowns = PLANTS.map((plant, i) => {
    const random = randomFrom(600 + i);
    const trunk = new THREE.CylinderGeometry(0.14, 0.26, plant.height, 10);
    group.add(solid(trunk, bark, plant.x, plant.height / 2, plant.z));
    const mesh = solid(crown(random, plant.radius, plant.hue), material, 0, plant.radius * 0.5, 0);
    const pivot = new THREE.Group();
    pivot.position.set(plant.x, plant.height, plant.z);
    pivot.add(mesh);
    group.add(pivot);
    return { pivot, cycles: 5 + (i % 4), offset: random() };
  });
  const move: Motion = (phase) => {
    for (const { pivot, cycles, offset } of crowns) {
      pivot.rotation.z = 0.012 * swing(phase, cycles, offset) + 0.006 * swing(phase, cycles * 3, offset * 2);
    }
  };
  return { group, move };
}
