import * as THREE from 'three';
import { FRAMES, HEIGHT, poses, TALL, verticalField, WIDE, WIDTH } from '../rigs.ts';
import type { ClipName, Pose, ViewName } from '../rigs.ts';
import { bake } from './bake.ts';
import { Film, openRenderer } from './film.ts';
import { buildFountain } from './fountain.ts';
import { buildGround } from './ground.ts';
import { buildHouses } from './houses.ts';
import type { Motion } from './paint.ts';
import { buildPeople } from './people.ts';
import { buildBirds, buildGame } from './play.ts';
import { buildSky } from './sky.ts';
import { buildSquare } from './square.ts';
import { buildTower } from './tower.ts';
import { buildTrees } from './trees.ts';
import { buildTraffic } from './vehicles.ts';

function daylight(): THREE.Object3D[] {
  const sun = new THREE.DirectionalLight(0xfff0d8, 3.3);
  sun.position.set(-40, 50, 6);
  sun.target.position.set(0, 0, -36);
  sun.castShadow = true;
  sun.shadow.mapSize.set(2048, 2048);
  Object.assign(sun.shadow.camera, { left: -46, right: 46, top: 28, bottom: -28, near: 10, far: 170 });
  sun.shadow.bias = -0.0006;
  sun.shadow.normalBias = 0.06;
  return [sun, sun.target, new THREE.HemisphereLight(0xcfe2ff, 0xb09a7c, 1.5)];
}

function buildScene(): { scene: THREE.Scene; move: Motion } {
  const scene = new THREE.Scene();
  const sky = buildSky();
  const moving = [
    buildTrees(),
    buildPeople(),
    buildGame(),
    buildBirds(),
    buildTraffic(),
    buildFountain(),
    buildSquare(),
    buildTower(),
  ];
  const layers = [...moving.map((part) => part.group), bake(buildHouses()), bake(buildGround()), sky.dome];
  // Drawn in this order, so that what is hidden fails the depth test before it is shaded.
  layers.forEach((layer, order) => (layer.renderOrder = order));
  scene.add(...layers, ...daylight());
  return { scene, move: (phase) => [sky, ...moving].forEach((part) => part.move(phase)) };
}

function aim(camera: THREE.PerspectiveCamera, pose: Pose): void {
  const [a, b, c, d, e, f, g, h, i] = pose.rotation;
  camera.matrixAutoUpdate = false;
  camera.matrix.set(a, b, c, pose.position[0], d, e, f, pose.position[1], g, h, i, pose.position[2], 0, 0, 0, 1);
  camera.updateMatrixWorld(true);
}

async function send(path: string, pixels: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(path, { method: 'POST', body: pixels });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
}

const VIEWS: readonly ViewName[] = ['reference', 'target'];
const CLIPS: readonly ClipName[] = ['calm', 'shaken'];

function stage(): (frame: number, depth: boolean) => Promise<void> {
  const renderer = openRenderer();
  const { scene, move } = buildScene();
  const film = new Film(renderer);
  const wide = new THREE.PerspectiveCamera(verticalField(TALL), WIDE / TALL, 2, 650);
  const narrow = new THREE.PerspectiveCamera(verticalField(HEIGHT), WIDTH / HEIGHT, 2, 650);
  return async (frame, depth) => {
    move(frame / FRAMES);
    renderer.shadowMap.needsUpdate = true;
    for (const view of VIEWS) {
      aim(wide, poses('calm', view)[0]!);
      await send(`/frame/${view}/${frame}`, film.expose(scene, wide));
      if (!depth) continue;
      for (const clip of CLIPS) {
        const path = poses(clip, view);
        aim(narrow, path[frame % path.length]!);
        await send(`/depth/${view}/${frame}/${clip}`, film.range(scene, narrow));
      }
    }
  };
}

declare global {
  interface Window {
    /** Renders both views of one frame and posts them to the server; `depth` asks for the depth maps too. */
    renderFrame: (frame: number, depth: boolean) => Promise<void>;
  }
}

window.renderFrame = stage();
