import * as THREE from 'three';
import { between, pick, randomFrom } from '../random.ts';
import { css, matt, paint, printed, shade, solid, stain } from './paint.ts';

const SLAB = 64;

/** Eight metres square of paving: slabs in a running bond with darker bands along two edges. */
function paving(): THREE.Texture {
  const texture = paint(1024, 1024, (pen) => {
    const random = randomFrom(41);
    pen.fillStyle = css(0x8d8577);
    pen.fillRect(0, 0, 1024, 1024);
    for (let row = 0; row < 16; row += 1) {
      for (let i = -1; i < 8; i += 1) {
        const band = row < 2 || (i * 2 + (row % 2) < 2 && i >= 0);
        const tone = band ? 0x6f6258 : pick(random, [0xc7bca6, 0xbdb19c, 0xcfc5b2, 0xb7a68e]);
        pen.fillStyle = shade(random, tone, 9);
        pen.fillRect(i * 128 + (row % 2) * SLAB + 3, row * SLAB + 3, 122, 58);
      }
    }
    stain(pen, random, 1024, 1024, 40, 0.08);
  });
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  return texture;
}

/** The street in front of the houses: asphalt, two tracks, a kerb and a crossing. Drawn 112 m × 9 m. */
function street(): THREE.Texture {
  return paint(4096, 330, (pen) => {
    const random = randomFrom(42);
    const m = 4096 / 112;
    pen.fillStyle = css(0x6b6a6c);
    pen.fillRect(0, 0, 4096, 330);
    stain(pen, random, 4096, 330, 90, 0.1);
    pen.fillStyle = css(0xb9b0a0);
    pen.fillRect(0, 0, 4096, 1.9 * m);
    pen.fillStyle = css(0x8a8276);
    for (let x = 0; x < 112; x += 1.1) pen.fillRect(x * m, 0, 2, 1.9 * m);
    pen.fillStyle = css(0xd8d0c0);
    pen.fillRect(0, 1.9 * m, 4096, 0.25 * m);
    pen.fillRect(0, 8.6 * m, 4096, 0.25 * m);
    pen.fillStyle = css(0x3d3b3c);
    for (const y of [3.2, 4.65]) pen.fillRect(0, y * m, 4096, 0.14 * m);
    pen.fillStyle = css(0xf0ece0);
    for (let x = 0; x < 112; x += 4) pen.fillRect(x * m, 6.1 * m, 2 * m, 0.14 * m);
    for (const start of [38, 69]) for (let i = 0; i < 6; i += 1) pen.fillRect((start + i) * m, 2.3 * m, 0.5 * m, 6 * m);
  });
}

/** A round lawn with a border of flowers. */
function lawn(x: number, z: number, radius: number, seed: number): THREE.Group {
  const random = randomFrom(seed);
  const texture = paint(512, 512, (pen) => {
    pen.fillStyle = css(0x6f9a45);
    pen.fillRect(0, 0, 512, 512);
    for (let i = 0; i < 16; i += 1) {
      pen.fillStyle = i % 2 === 0 ? css(0x7fab4f) : css(0x689140);
      pen.fillRect(i * 32, 0, 32, 512);
    }
    stain(pen, random, 512, 512, 40, 0.1);
    for (let i = 0; i < 900; i += 1) {
      const angle = random() * 2 * Math.PI;
      const r = between(random, 205, 250);
      pen.fillStyle = pick(random, [
        css(0xe4405a),
        css(0xf4c542),
        css(0xf8f1e4),
        css(0xd774b8),
        css(0x3c7a35),
        css(0x4b8a3c),
      ]);
      pen.beginPath();
      pen.arc(256 + r * Math.cos(angle), 256 + r * Math.sin(angle), between(random, 2, 5), 0, 7);
      pen.fill();
    }
  });
  const group = new THREE.Group();
  const disc = new THREE.CircleGeometry(radius, 48);
  disc.rotateX(-Math.PI / 2);
  group.add(solid(disc, printed(texture), x, 0.26, z));
  group.add(solid(new THREE.CylinderGeometry(radius + 0.25, radius + 0.25, 0.25, 48), matt(0xcfc4b0), x, 0.125, z));
  return group;
}

/** Chalk lines of the pitch on which the children play. */
function pitch(): THREE.Mesh {
  const texture = paint(1024, 512, (pen) => {
    pen.clearRect(0, 0, 1024, 512);
    pen.strokeStyle = css(0xfdfbf4, 0.8);
    pen.lineWidth = 9;
    pen.strokeRect(12, 12, 1000, 488);
    pen.beginPath();
    pen.moveTo(512, 12);
    pen.lineTo(512, 500);
    pen.moveTo(632, 256);
    pen.arc(512, 256, 120, 0, 7);
    for (const x of [12, 872]) pen.rect(x, 126, 140, 260);
    pen.stroke();
  });
  const plane = new THREE.PlaneGeometry(15, 7.5);
  plane.rotateX(-Math.PI / 2);
  const material = new THREE.MeshLambertMaterial({
    map: texture,
    transparent: true,
    polygonOffset: true,
    polygonOffsetFactor: -2,
  });
  const mesh = new THREE.Mesh(plane, material);
  mesh.position.set(-9.5, 0.02, -25.5);
  mesh.receiveShadow = true;
  return mesh;
}

/** The ground from the cameras to beyond the houses. */
export function buildGround(): THREE.Group {
  const group = new THREE.Group();
  const square = new THREE.PlaneGeometry(128, 64);
  square.rotateX(-Math.PI / 2);
  const texture = paving();
  texture.repeat.set(16, 8);
  texture.anisotropy = 4;
  group.add(solid(square, printed(texture), 0, 0, -20));
  const road = new THREE.PlaneGeometry(112, 9);
  road.rotateX(-Math.PI / 2);
  group.add(solid(road, printed(street()), 0, 0.03, -43.5));
  group.add(lawn(-19, -32, 5, 51), lawn(18.5, -31, 5.4, 52), pitch());
  const hills = new THREE.Mesh(new THREE.PlaneGeometry(700, 60), matt(0x7f9f86));
  hills.position.set(0, 0, -260);
  group.add(hills);
  return group;
}
