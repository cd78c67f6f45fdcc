import * as THREE from 'three';
import { randomFrom } from '../random.ts';
import { box, css, matt, paint, printed, shade, solid, stain, swing } from './paint.ts';
import type { Motion, Pen } from './paint.ts';

function masonry(pen: Pen, seed: number, width: number, height: number): void {
  const random = randomFrom(seed);
  for (let row = 0; row * 18 < height; row += 1) {
    for (let x = -(row % 2) * 20; x < width; x += 40) {
      pen.fillStyle = shade(random, 0xc2b090, 17);
      pen.fillRect(x, row * 18, 38, 16);
    }
  }
  stain(pen, random, width, height, 30, 0.16);
}

/** One side of the tower: masonry, a clock face, and louvred openings for the bells. Drawn 5.6 m × 20 m. */
function side(): THREE.Texture {
  return paint(420, 1500, (pen) => {
    pen.fillStyle = css(0x9a8a70);
    pen.fillRect(0, 0, 420, 1500);
    masonry(pen, 81, 420, 1500);
    pen.fillStyle = css(0xe2d5b8);
    for (const y of [0, 292, 800]) pen.fillRect(0, y, 420, 22);
    pen.fillRect(0, 0, 34, 1500);
    pen.fillRect(386, 0, 34, 1500);
    for (const x of [110, 230]) {
      pen.fillStyle = css(0x2e2722);
      pen.beginPath();
      pen.roundRect(x, 340, 80, 210, [40, 40, 0, 0]);
      pen.fill();
      pen.fillStyle = css(0x7a6a56);
      for (let y = 385; y < 540; y += 26) pen.fillRect(x + 6, y, 68, 9);
    }
    disc(pen, 122, 0xe2d5b8);
    disc(pen, 106, 0x1f3552);
    pen.fillStyle = css(0xf0cf78);
    for (let i = 0; i < 12; i += 1) {
      pen.save();
      pen.translate(210, 158);
      pen.rotate((i * Math.PI) / 6);
      pen.fillRect(-5, -100, 10, i % 3 === 0 ? 28 : 16);
      pen.restore();
    }
  });
}

function disc(pen: Pen, radius: number, color: number): void {
  pen.fillStyle = css(color);
  pen.beginPath();
  pen.arc(210, 158, radius, 0, 7);
  pen.fill();
}

/** The church behind the houses: a tower with a clock whose hand goes round once per clip. */
export function buildTower(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  group.position.set(5, 0, -74);
  const wall = printed(side());
  group.add(box([5.6, 20, 5.6], wall, 0, 0, 0));
  const slate = matt(0x47606a);
  const spire = new THREE.ConeGeometry(3.9, 4.8, 4).rotateY(Math.PI / 4);
  group.add(box([6.2, 0.5, 6.2], matt(0xe2d5b8), 0, 20, 0), solid(spire, slate, 0, 22.9, 0));
  for (const x of [-2.7, 2.7]) group.add(solid(new THREE.ConeGeometry(0.5, 1.9, 8), slate, x, 21.4, 2.7));
  const gold = matt(0xe8c25a);
  const hands = [1.15, 0.8].map((length) => {
    const hand = solid(new THREE.BoxGeometry(0.2, length, 0.06).translate(0, length / 2, 0), gold, 0, 17.9, 2.85);
    group.add(hand);
    return hand;
  });
  group.add(box([9, 15, 14], matt(0xb9a888), 9, 0, -6));
  return {
    group,
    move: (phase) => {
      hands[0]!.rotation.z = -2 * Math.PI * phase;
      hands[1]!.rotation.z = 0.9 + 0.001 * swing(phase, 1);
    },
  };
}
