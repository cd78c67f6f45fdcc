import * as THREE from 'three';
import { matt, paint, printed, solid, swing } from './paint.ts';
import type { Motion } from './paint.ts';
import { Figure } from './people.ts';

/** Where the children of the ball game stand: x, z. The ball goes round in this order, one pass every tenth of a clip. */
const PLAYERS: readonly (readonly [number, number])[] = [
  [-14.5, -24.2],
  [-5.2, -23.6],
  [-3.2, -27.6],
  [-9.6, -28.4],
  [-13.6, -27.2],
];
const PASSES = 10;
/** Share of a pass in which the ball flies. */
const FLIGHT = 0.62;

function ballAt(phase: number): THREE.Vector3 {
  const turn = phase * PASSES;
  const from = PLAYERS[Math.floor(turn) % PLAYERS.length]!;
  const to = PLAYERS[(Math.floor(turn) + 1) % PLAYERS.length]!;
  const t = Math.min(1, (turn % 1) / FLIGHT);
  const x = from[0] + (to[0] - from[0]) * t;
  const z = from[1] + (to[1] - from[1]) * t + 0.45;
  const bounce = t < 0.7 ? 4 * 1.7 * (t / 0.7) * (1 - t / 0.7) : 4 * 0.35 * ((t - 0.7) / 0.3) * (1 - (t - 0.7) / 0.3);
  return new THREE.Vector3(x, 0.16 + bounce, z);
}

/** Children who pass a ball to each other. */
export function buildGame(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const leather = paint(128, 64, (pen) => {
    pen.fillStyle = '#fbfaf5';
    pen.fillRect(0, 0, 128, 64);
    pen.fillStyle = '#20242a';
    for (let i = 0; i < 4; i += 1) for (const y of [6, 40]) pen.fillRect(i * 32 + (y > 20 ? 16 : 0), y, 13, 13);
  });
  const ball = solid(new THREE.SphereGeometry(0.17, 18, 14), printed(leather));
  group.add(ball);
  const kids = PLAYERS.map(([x, z], i) => {
    const figure = new Figure(80 + i, 0.8);
    figure.body.position.set(x, 0, z);
    group.add(figure.body);
    return figure;
  });
  const move: Motion = (phase) => {
    const at = ballAt(phase);
    ball.position.copy(at);
    ball.rotation.set(20 * Math.PI * phase * 2, 0, 6 * Math.PI * phase * 2);
    kids.forEach((kid, i) => {
      const { x, z } = kid.body.position;
      kid.body.rotation.y = Math.atan2(at.x - x, at.z - z + 0.001);
      kid.stride(swing(phase, 22 + i, i * 0.3), Math.hypot(at.x - x, at.z - z) < 1.6 ? 0.9 : 0.35);
    });
  };
  return { group, move };
}

/** A pigeon-sized body with two wings that beat. */
function bird(color: number): { body: THREE.Group; wings: THREE.Mesh[] } {
  const body = new THREE.Group();
  const material = matt(color, true);
  const trunk = solid(new THREE.SphereGeometry(0.16, 10, 8), material);
  trunk.scale.set(0.7, 0.7, 1.7);
  const wings = [-1, 1].map((side) => {
    const shape = new THREE.Shape([
      new THREE.Vector2(0, -0.18),
      new THREE.Vector2(0, 0.2),
      new THREE.Vector2(side * 0.62, -0.1),
    ]);
    const geometry = new THREE.ShapeGeometry(shape).rotateX(Math.PI / 2);
    return solid(geometry, material);
  });
  body.add(trunk, ...wings);
  return { body, wings };
}

/** A flock that circles over the square twice per clip. */
export function buildBirds(): { group: THREE.Group; move: Motion } {
  const group = new THREE.Group();
  const flock = Array.from({ length: 13 }, (_, i) => {
    const made = bird(i % 3 === 0 ? 0xf2f0ea : 0x5d6470);
    made.body.scale.setScalar(1.25);
    group.add(made.body);
    return { ...made, lag: (i * 0.618) % 1, side: ((i * 0.37) % 1) - 0.5 };
  });
  const move: Motion = (phase) => {
    for (const { body, wings, lag, side } of flock) {
      const angle = 2 * Math.PI * (phase * 2 + lag * 0.07);
      const radius = 1 + side * 0.16;
      const height = 13.4 + 1.6 * Math.sin(angle * 2 + side) + side * 2.2;
      body.position.set(15 * radius * Math.cos(angle), height, -36 + 7 * radius * Math.sin(angle));
      body.rotation.y = Math.atan2(-15 * Math.sin(angle), 7 * Math.cos(angle));
      wings.forEach((wing, i) => (wing.rotation.z = (i === 0 ? -1 : 1) * 0.8 * swing(phase, 70, lag)));
    }
  };
  return { group, move };
}
