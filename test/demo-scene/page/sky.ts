import * as THREE from 'three';
import { randomFrom } from '../random.ts';
import type { Motion } from './paint.ts';

const SIZE = 1024;

/** A tileable field of values in 0…1: octaves of smooth noise. */
function clouds(seed: number): THREE.DataTexture {
  const random = randomFrom(seed);
  const field = new Float32Array(SIZE * (SIZE / 2));
  let total = 0;
  for (const [cells, weight] of [
    [4, 1],
    [8, 0.55],
    [16, 0.32],
    [32, 0.18],
    [64, 0.1],
    [128, 0.05],
  ] as const) {
    const grid = Float32Array.from({ length: cells * cells }, () => random());
    total += weight;
    const at = (x: number, y: number): number => grid[(y % cells) * cells + (x % cells)]!;
    const ease = (t: number): number => t * t * (3 - 2 * t);
    for (let y = 0; y < SIZE / 2; y += 1) {
      for (let x = 0; x < SIZE; x += 1) {
        const [u, v] = [(x * cells) / SIZE, (y * cells * 2) / SIZE];
        const [i, j] = [Math.floor(u), Math.floor(v)];
        const [a, b] = [ease(u - i), ease(v - j)];
        const low = at(i, j) * (1 - a) + at(i + 1, j) * a;
        const high = at(i, j + 1) * (1 - a) + at(i + 1, j + 1) * a;
        field[y * SIZE + x]! += weight * (low * (1 - b) + high * b);
      }
    }
  }
  const bytes = Uint8Array.from(field, (value) => Math.round((255 * value) / total));
  const texture = new THREE.DataTexture(bytes, SIZE, SIZE / 2, THREE.RedFormat);
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  texture.magFilter = THREE.LinearFilter;
  texture.minFilter = THREE.LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.needsUpdate = true;
  return texture;
}

const VERTEX = `
  varying vec3 ray;
  void main() {
    ray = position;
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }`;

// Two copies of the clouds drift half a clip apart and fade into each other, so that the sky has no seam in time.
const FRAGMENT = `
  varying vec3 ray;
  uniform sampler2D clouds;
  uniform float phase;
  float layer(float t, vec2 shift) {
    vec3 d = normalize(ray);
    vec2 uv = d.xz / max(d.y + 0.09, 0.02) * 0.052 + shift;
    uv.x += t * 0.012;
    return texture2D(clouds, uv).r;
  }
  void main() {
    vec3 d = normalize(ray);
    float up = clamp(d.y * 2.6, 0.0, 1.0);
    vec3 blue = mix(vec3(0.50, 0.70, 0.95), vec3(0.08, 0.25, 0.68), pow(up, 0.65));
    float a = phase;
    float b = fract(phase + 0.5);
    float wa = 1.0 - abs(2.0 * a - 1.0);
    float dense = mix(layer(b, vec2(0.0)), layer(a, vec2(0.0)), wa);
    float cover = smoothstep(0.48, 0.62, dense);
    vec3 lit = mix(vec3(1.08, 1.05, 1.0), vec3(0.66, 0.70, 0.78), smoothstep(0.52, 0.8, dense));
    vec3 color = mix(blue, lit, cover * smoothstep(0.0, 0.06, d.y) * 0.92);
    gl_FragColor = vec4(color, 1.0);
    #include <tonemapping_fragment>
    #include <colorspace_fragment>
  }`;

/** The sky: a dome 400 m wide around the cameras, and the motion of its clouds. */
export function buildSky(): { dome: THREE.Mesh; move: Motion } {
  const uniforms = { clouds: { value: clouds(7) }, phase: { value: 0 } };
  const material = new THREE.ShaderMaterial({
    uniforms,
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    side: THREE.BackSide,
    depthWrite: false,
  });
  const dome = new THREE.Mesh(new THREE.SphereGeometry(400, 48, 24), material);
  return {
    dome,
    move: (phase) => {
      uniforms.phase.value = phase;
    },
  };
}
