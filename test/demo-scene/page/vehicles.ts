import * as THREE from 'three';
import { box, css, matt, paint, printed, solid, swing } from './paint.ts';
import type { Motion } from './paint.ts';
import { Figure } from './people.ts';

/** Half the way that vehicles travel, metres: beyond it no camera sees them. */
const END = 62;

function wheel(radius: number): THREE.Mesh {
  const tyre = paint(64, 64, (pen) => {
    pen.fillStyle = '#1d1d1f';
    pen.fillRect(0, 0, 64, 64);
    pen.fillStyle = '#b9bcc0';
    pen.beginPath();
    pen.arc(32, 32, 18, 0, 7);
    pen.fill();
    pen.fillStyle = '#55585c';
    for (let i = 0; i < 5; i += 1)
      pen.fillRect(32 + 11 * Math.cos(i * 1.257) - 4, 32 + 11 * Math.sin(i * 1.257) - 4, 8, 8);
  });
  const side = printed(tyre);
  return solid(new THREE.CylinderGeometry(radius, radius, 0.24, 20).rotateX(Math.PI / 2), [matt(0x1d1d1f), side, side]);
}

/** A car that faces +x. */
function car(color: number): { body: THREE.Group; wheels: THREE.Mesh[] } {
  const body = new THREE.Group();
  const points = [
    [-2.1, 0.3],
    [2.1, 0.3],
    [2.15, 0.75],
    [1.25, 0.95],
    [0.55, 1.48],
    [-1.15, 1.5],
    [-1.95, 0.98],
    [-2.15, 0.9],
  ];
  const shape = new THREE.Shape(points.map(([x, y]) => new THREE.Vector2(x, y)));
  const hull = new THREE.ExtrudeGeometry(shape, {
    depth: 1.5,
    bevelSize: 0.07,
    bevelThickness: 0.09,
    bevelSegments: 3,
  });
  body.add(solid(hull, matt(color), 0, 0, -0.75));
  const pane = new THREE.Shape(
    [
      [-1.62, 1.0],
      [0.92, 1.0],
      [0.46, 1.4],
      [-1.08, 1.41],
    ].map(([x, y]) => new THREE.Vector2(x, y)),
  );
  for (const z of [0.85, -0.87]) body.add(solid(new THREE.ShapeGeometry(pane), matt(0x2a3a46, true), 0, 0, z));
  body.add(box([0.08, 0.42, 1.7], matt(color), -0.3, 0.99, 0.01));
  body.add(
    box([0.12, 0.16, 1.4], matt(0xfff2c0), 2.15, 0.62, 0),
    box([0.12, 0.16, 1.4], matt(0xb22a22), -2.16, 0.72, 0),
  );
  const wheels = [-1.3, 1.3].flatMap((x) =>
    [-0.75, 0.75].map((z) => {
      const made = wheel(0.34);
      made.position.set(x, 0.34, z);
      body.add(made);
      return made;
    }),
  );
  return { body, wheels };
}

function tramSide(): THREE.Texture {
  return paint(1024, 340, (pen) => {
    pen.fillStyle = '#f3ead2';
    pen.fillRect(0, 0, 1024, 340);
    pen.fillStyle = '#b3262b';
    pen.fillRect(0, 190, 1024, 120);
    pen.fillStyle = '#e8b53a';
    pen.fillRect(0, 182, 1024, 10);
    pen.fillRect(0, 306, 1024, 6);
    pen.fillStyle = '#2c2a2c';
    pen.fillRect(0, 316, 1024, 24);
    for (let i = 0; i < 8; i += 1) {
      const x = 20 + i * 125;
      const door = i === 2 || i === 5;
      const glass = pen.createLinearGradient(x, 30, x + 80, 170);
      glass.addColorStop(0, '#7f9aa6');
      glass.addColorStop(0.5, '#33434c');
      glass.addColorStop(1, '#54686f');
      pen.fillStyle = '#3a3030';
      pen.fillRect(x - 4, 40, 108, door ? 262 : 128);
      pen.fillStyle = glass;
      pen.fillRect(x, 44, 100, door ? 252 : 120);
      pen.fillStyle = css([0xc98d6a, 0x6a4a3a, 0xe0b890][i % 3]!);
      pen.beginPath();
      pen.arc(x + 34 + (i % 3) * 12, 108, 15, 0, 7);
      pen.fill();
      pen.fillStyle = css([0x3a6ea5, 0xb5523c, 0x4c8a5c, 0xd9c27a][i % 4]!);
      pen.fillRect(x + 14 + (i % 3) * 12, 122, 42, 42);
    }
    pen.fillStyle = '#f6ecd6';
    pen.font = 'bold 52px "DejaVu Sans", sans-serif';
    pen.fillText('CITY TRAM', 420, 268);
    pen.fillText('25', 60, 268);
  });
}

function tram(): THREE.Group {
  const group = new THREE.Group();
  const side = printed(tramSide());
  const [front, roof] = [matt(0xb3262b), matt(0xd9d4c8)];
  for (const x of [-8.3, 8.3]) {
    group.add(box([16, 2.9, 2.4], roof, x, 0.45, 0));
    for (const z of [1.22, -1.22]) {
      const face = new THREE.PlaneGeometry(16, 2.9);
      if (z < 0) face.rotateY(Math.PI);
      group.add(solid(face, side, x, 1.9, z));
    }
    group.add(box([7, 0.4, 1.6], matt(0x9a978f), x, 3.35, 0));
  }
  group.add(box([0.8, 2.6, 2.1], matt(0x2b2b2e), 0, 0.55, 0));
  for (const x of [-16.45, 16.45]) group.add(box([0.4, 2.8, 2.3], front, x, 0.5, 0));
  group.add(box([33, 0.4, 2.1], matt(0x252527), 0, 0.08, 0));
  return group;
}

function bicycle(seed: number): { body: THREE.Group; move: (turn: number) => void } {
  const body = new THREE.Group();
  const frame = matt([0xc23a2b, 0x1f6f8b, 0xe0a02c][seed % 3]!);
  const rims = [-0.55, 0.55].map((x) => solid(new THREE.TorusGeometry(0.33, 0.035, 6, 22), matt(0x222222), x, 0.35, 0));
  body.add(...rims, box([1.0, 0.06, 0.06], frame, 0, 0.72, 0), box([0.06, 0.6, 0.06], frame, -0.18, 0.36, 0));
  body.add(box([0.06, 0.62, 0.06], frame, 0.5, 0.4, 0), box([0.06, 0.05, 0.5], frame, 0.46, 1.02, 0));
  const rider = new Figure(seed);
  rider.body.rotation.y = Math.PI / 2;
  rider.body.position.set(-0.2, 0.08, 0);
  rider.body.rotation.z = -0.12;
  body.add(rider.body);
  return { body, move: (turn) => rider.sit(-0.75 + 0.4 * Math.sin(turn), -0.75 - 0.4 * Math.sin(turn)) };
}

interface Ride {
  readonly z: number;
  readonly way: 1 | -1;
  readonly rounds: number;
  readonly start: number;
}

/** Where on its straight way a vehicle is: it leaves the picture at one end and comes back at the other. */
function along(ride: Ride, phase: number): number {
  const t = (phase * ride.rounds + ride.start) % 1;
  return ride.way * (-END + 2 * END * t);
}

/** The traffic: a tram, cars on the street, cyclists on the square. */
export function buildTraffic(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const motions: Motion[] = [];
  const line = tram();
  group.add(line);
  motions.push((phase) => line.position.set(along({ z: 0, way: 1, rounds: 1, start: 0.12 }, phase), 0.04, -44.1));
  const cars: [number, Ride][] = [
    [0x2f6fb0, { z: -41.1, way: -1, rounds: 1, start: 0.05 }],
    [0xe3b23c, { z: -41.1, way: -1, rounds: 1, start: 0.33 }],
    [0x3d8c62, { z: -41.1, way: -1, rounds: 1, start: 0.72 }],
  ];
  for (const [color, ride] of cars) {
    const { body, wheels } = car(color);
    body.rotation.y = ride.way === 1 ? 0 : Math.PI;
    group.add(body);
    motions.push((phase) => {
      body.position.set(along(ride, phase), 0.03, ride.z);
      for (const each of wheels) each.rotation.z = -2 * Math.PI * 58 * phase;
    });
  }
  const riders: Ride[] = [
    { z: -37.2, way: 1, rounds: 1, start: 0.4 },
    { z: -26.4, way: -1, rounds: 1, start: 0.86 },
    { z: -36.4, way: -1, rounds: 1, start: 0.2 },
  ];
  riders.forEach((ride, i) => {
    const { body, move } = bicycle(21 + i);
    body.rotation.y = ride.way === 1 ? 0 : Math.PI;
    group.add(body);
    motions.push((phase) => {
      body.position.set(along(ride, phase), 0, ride.z);
      body.rotation.x = 0.02 * swing(phase, 25, i * 0.3);
      move(2 * Math.PI * 26 * phase);
    });
  });
  return { group, move: (phase) => motions.forEach((motion) => motion(phase)) };
}
