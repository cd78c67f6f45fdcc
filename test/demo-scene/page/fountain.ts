import * as THREE from 'three';
import { between, randomFrom } from '../random.ts';
import { bake } from './bake.ts';
import { css, matt, paint, printed, shade, solid, stain, swing } from './paint.ts';
import type { Motion } from './paint.ts';

const DROPS = 220;

function stone(): THREE.MeshLambertMaterial {
  const texture = paint(512, 256, (pen) => {
    const random = randomFrom(71);
    pen.fillStyle = css(0xc9bda6);
    pen.fillRect(0, 0, 512, 256);
    for (let row = 0; row < 4; row += 1) {
      for (let i = -1; i < 8; i += 1) {
        pen.fillStyle = shade(random, 0xcdc2ac, 16);
        pen.fillRect(i * 64 + (row % 2) * 32 + 2, row * 64 + 2, 60, 60);
      }
    }
    stain(pen, random, 512, 256, 26, 0.16);
  });
  texture.wrapS = THREE.RepeatWrapping;
  texture.repeat.set(3, 1);
  return printed(texture);
}

function basin(group: THREE.Group, material: THREE.Material): void {
  const profile = [
    [0, 0],
    [2.7, 0],
    [2.7, 0.15],
    [2.45, 0.2],
    [2.45, 0.62],
    [2.65, 0.7],
    [2.65, 0.8],
    [2.3, 0.8],
    [2.3, 0.5],
  ];
  const column = [
    [0.62, 0.4],
    [0.34, 0.8],
    [0.3, 1.6],
    [0.55, 1.75],
    [1.25, 2.02],
    [1.3, 2.14],
    [0.5, 2.05],
    [0.24, 2.2],
    [0.2, 2.9],
    [0.42, 3.0],
    [0.4, 3.12],
    [0, 3.12],
  ];
  for (const [points, segments] of [
    [profile, 8],
    [column, 20],
  ] as const) {
    const geometry = new THREE.LatheGeometry(
      points.map(([x, y]) => new THREE.Vector2(x, y)),
      segments,
    );
    group.add(solid(geometry, material));
  }
  const bronze = matt(0x4f7f6c);
  const statue = [
    new THREE.CapsuleGeometry(0.2, 0.7, 4, 12).translate(0, 3.65, 0),
    new THREE.SphereGeometry(0.17, 14, 12).translate(0, 4.36, 0),
  ];
  statue.push(new THREE.CapsuleGeometry(0.07, 0.6, 3, 8).rotateZ(-0.6).translate(0.34, 4.3, 0));
  statue.push(new THREE.CapsuleGeometry(0.07, 0.5, 3, 8).rotateZ(0.5).translate(0.27, 3.7, 0.08).rotateY(Math.PI));
  for (const part of statue) group.add(solid(part, bronze));
  const water = new THREE.Mesh(new THREE.CircleGeometry(2.3, 32).rotateX(-Math.PI / 2), matt(0x6fa9bd));
  water.position.y = 0.66;
  group.add(water);
}

/** The fountain: stone, a statue, and drops that fall from the upper bowl and rise in jets from the basin. */
export function buildFountain(): { group: THREE.Group; move: Motion } {
  const still = new THREE.Group();
  basin(still, stone());
  const group = bake(still);
  group.position.set(0.6, 0, -33);
  const random = randomFrom(72);
  const drops = Array.from({ length: DROPS }, (_, i) => ({
    angle: (2 * Math.PI * (i % 12)) / 12 + between(random, -0.05, 0.05),
    lag: random(),
    jet: i % 2 === 0,
  }));
  const spray = new THREE.InstancedMesh(new THREE.SphereGeometry(0.055, 6, 5), matt(0xf2faff), DROPS);
  group.add(spray);
  const place = new THREE.Matrix4();
  const move: Motion = (phase) => {
    drops.forEach(({ angle, lag, jet }, i) => {
      const t = (phase * 20 + lag) % 1;
      const r = jet ? 2.15 - 1.0 * t : 1.28 + 0.55 * t;
      const y = jet ? 0.68 + 4 * 1.35 * t * (1 - t) : 2.1 - 1.42 * t * t;
      const wave = 0.02 * swing(phase, 40, lag);
      place.makeTranslation(r * Math.cos(angle) + wave, y, r * Math.sin(angle));
      spray.setMatrixAt(i, place);
    });
    spray.instanceMatrix.needsUpdate = true;
  };
  return { group, move };
}
