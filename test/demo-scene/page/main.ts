import * as THREE from 'three';
import { FRAMES, HEIGHT, PHOTOMETRY, poses, VERTICAL_FIELD, WIDTH } from '../rigs.ts';
import type { ClipName, Pose, ViewName } from '../rigs.ts';
import { bake } from './bake.ts';
import { Film, openRenderer } from './film.ts';
import type { Relight } from './film.ts';
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

function daylight(): { lights: THREE.Object3D[]; relight: Relight } {
  const sun = new THREE.DirectionalLight(0xfff0d8, 3.3);
  sun.position.set(-40, 50, 6);
  sun.target.position.set(0, 0, -36);
  sun.castShadow = true;
  sun.shadow.mapSize.set(2048, 2048);
  Object.assign(sun.shadow.camera, { left: -46, right: 46, top: 28, bottom: -28, near: 10, far: 170 });
  sun.shadow.bias = -0.0006;
  sun.shadow.normalBias = 0.06;
  const sky = new THREE.HemisphereLight(0xcfe2ff, 0xb09a7c, 1.5);
  const colors = [sun.color, sky.color, sky.groundColor].map((color) => ({ color, base: color.clone() }));
  return {
    lights: [sun, sun.target, sky],
    relight: (gain) => colors.forEach(({ color, base }) => color.copy(base).multiply(gain)),
  };
}

function buildScene(): { scene: THREE.Scene; move: Motion; relight: Relight } {
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
  const { lights, relight } = daylight();
  const layers = [...moving.map((part) => part.group), bake(buildHouses()), bake(buildGround()), sky.dome];
  // Drawn in this order, so that what is hidden fails the depth test before it is shaded.
  layers.forEach((layer, order) => (layer.renderOrder = order));
  scene.add(...layers, ...lights);
  return {
    scene,
    move: (phase) => [sky, ...moving].forEach((part) => part.move(phase)),
    relight: (gain) => [sky.relight, relight].forEach((each) => each(gain)),
  };
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

function stage(): (clip: ClipName, frame: number, depth: boolean) => Promise<void> {
  const renderer = openRenderer();
  const { scene, move, relight } = buildScene();
  const film = new Film(renderer, relight);
  const camera = new THREE.PerspectiveCamera(VERTICAL_FIELD, WIDTH / HEIGHT, 2, 650);
  return async (clip, frame, depth) => {
    move(frame / FRAMES);
    renderer.shadowMap.needsUpdate = true;
    for (const view of VIEWS) {
      const path = poses(clip, view);
      aim(camera, path[frame % path.length]!);
      await send(`/frame/${view}/${frame}`, film.expose(scene, camera, PHOTOMETRY[clip][view]));
      if (depth) await send(`/depth/${view}/${frame}`, film.range(scene, camera));
    }
  };
}

declare global {
  interface Window {
    /** Renders both views of one frame and posts them to the server; `depth` asks for the depth maps too. */
    renderFrame: (clip: ClipName, frame: number, depth: boolean) => Promise<void>;
  }
}

window.renderFrame = stage();
