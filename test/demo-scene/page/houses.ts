import * as THREE from 'three';
import { FAR } from '../rigs.ts';
import { between, pick, randomFrom } from '../random.ts';
import { drawFront, DENSITY } from './facade.ts';
import type { Front, Gable } from '../row.ts';
import { outlineOf, ROW } from '../row.ts';
import { box, css, matt, paint, printed, shade, solid, stain } from './paint.ts';

function house(front: Front, gable: Gable, roof: THREE.Material): THREE.Group {
  const group = new THREE.Group();
  const texture = paint(Math.round(front.width * DENSITY), Math.round(front.top * DENSITY), (pen) =>
    drawFront(pen, front),
  );
  texture.repeat.set(1 / front.width, 1 / front.top);
  texture.wrapS = texture.wrapT = THREE.ClampToEdgeWrapping;
  const shape = new THREE.Shape(front.outline.map(([x, y]) => new THREE.Vector2(x, y)));
  const face = solid(new THREE.ShapeGeometry(shape), printed(texture));
  const body = solid(new THREE.ExtrudeGeometry(shape, { depth: 8.9, bevelEnabled: false }), roof, 0, 0, -9);
  group.add(face, body);
  const trim = matt(front.trim);
  if (gable === 'eaves') addRoof(group, front, roof, trim);
  else group.add(box([0.5, 0.7, 0.5], trim, front.width / 2, front.top - 0.1, -0.2));
  group.add(awning(front));
  return group;
}

function addRoof(group: THREE.Group, front: Front, roof: THREE.Material, trim: THREE.Material): void {
  const [w, h] = [front.width, front.height];
  const slope = new THREE.PlaneGeometry(w + 0.3, 5.4);
  slope.rotateX(-0.86);
  const uv = slope.getAttribute('uv');
  for (let i = 0; i < uv.count; i += 1) uv.setXY(i, uv.getX(i) * w, uv.getY(i) * 5.4);
  group.add(solid(slope, roof, w / 2, h + 2.05, -1.76));
  group.add(box([w + 0.3, 0.35, 0.7], trim, w / 2, h - 0.2, 0.1));
  for (const part of [0.25, 0.75]) {
    const x = w * part;
    group.add(box([1.5, 1.5, 2.4], trim, x, h + 0.6, -1.7));
    group.add(box([1.0, 1.1, 0.1], matt(0x3d5263), x, h + 0.8, -0.48));
    group.add(box([0.09, 1.1, 0.1], trim, x, h + 0.8, -0.44));
    const hood = new THREE.ConeGeometry(1.25, 0.9, 4);
    hood.rotateY(Math.PI / 4);
    group.add(solid(hood, roof, x, h + 2.5, -1.4));
  }
  group.add(box([0.9, 2.2, 0.9], matt(0x8a4a3a), w * 0.52, h + 2.6, -3.1));
}

function awning(front: Front): THREE.Mesh {
  const stripes = paint(256, 64, (pen) => {
    for (let i = 0; i < 16; i += 1) {
      pen.fillStyle = i % 2 === 0 ? css(front.accent) : css(0xf4ecdc);
      pen.fillRect(i * 16, 0, 16, 64);
    }
    pen.fillStyle = 'rgb(0 0 0 / 0.2)';
    pen.fillRect(0, 54, 256, 10);
  });
  const cloth = new THREE.PlaneGeometry(front.width - 1.6, 1.3);
  cloth.rotateX(-0.95);
  return solid(cloth, printed(stripes, true), front.width / 2, 2.35, 0.55);
}

/** A material of roof tiles in the given colour. */
export function tiles(seed: number, color: number): THREE.MeshLambertMaterial {
  const texture = paint(256, 256, (pen) => {
    const random = randomFrom(seed);
    pen.fillStyle = css(color);
    pen.fillRect(0, 0, 256, 256);
    for (let row = 0; row < 16; row += 1) {
      for (let i = -1; i < 16; i += 1) {
        pen.fillStyle = shade(random, color, 22);
        pen.fillRect(i * 16 + (row % 2) * 8 + 1, row * 16, 14, 13);
      }
    }
    stain(pen, random, 256, 256, 12, 0.14);
  });
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  texture.repeat.set(0.35, 0.35);
  return printed(texture);
}

/** The row of houses on the far plane, and the roofs behind it. */
export function buildHouses(): THREE.Group {
  const group = new THREE.Group();
  const width = ROW.reduce((sum, each) => sum + each.width, 0);
  let left = -width / 2;
  ROW.forEach((each, i) => {
    const outline = outlineOf(each.width, each.height, each.gable);
    const front: Front = { ...each, outline, seed: 100 + i, top: Math.max(...outline.map(([, y]) => y)) };
    const built = house(front, each.gable, tiles(300 + i, each.roof));
    built.position.set(left, 0, -FAR);
    group.add(built);
    left += each.width;
  });
  group.add(backdrop());
  return group;
}

function backdrop(): THREE.Group {
  const group = new THREE.Group();
  const random = randomFrom(77);
  const roofs = [0x7b4436, 0x8c5443, 0x6a4038].map((color, i) => tiles(900 + i, color));
  const brick = matt(0x8a4a3a);
  for (let x = -60; x < 60; x += 9) {
    const [w, h] = [between(random, 8.5, 9.4), between(random, 8.5, 10.2)];
    const wall = matt(pick(random, [0xd9c7a6, 0xc9a98a, 0xb5b9a6]));
    group.add(box([w, h, 8], wall, x, 0, -66));
    const profile = new THREE.Shape([new THREE.Vector2(-4.4, 0), new THREE.Vector2(4.4, 0), new THREE.Vector2(0, 5.2)]);
    const ridge = new THREE.ExtrudeGeometry(profile, { depth: w, bevelEnabled: false }).rotateY(Math.PI / 2);
    group.add(solid(ridge, pick(random, roofs), x - w / 2, h, -66));
    group.add(box([0.9, 2.4, 0.9], brick, x + between(random, -3, 3), h + 3.4, -65.4));
  }
  return group;
}
