import * as THREE from 'three';
import { DEPTH_STEP, HEIGHT, TALL, WIDE, WIDTH } from '../rigs.ts';
import { EXPOSURE } from '../tone.ts';

// The same curve as in tone.ts, before the transfer function of sRGB.
const CURVE = `
  vec3 CustomToneMapping(vec3 light) {
    vec3 x = light * toneMappingExposure;
    return clamp(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
  }`;

// One tap of the filtered comparison instead of five: less than half the time of a frame in software, and no noise.
const TAPS = /shadow = \([^;]*\) \* 0\.2;/;
const TAP = 'shadow = texture( shadowMap, shadowCoord.xyz );';

// Textures are decoded once per pixel instead of once per tap, which is what a sampler in software would do.
const DECODE = `
  #ifdef USE_MAP
    vec4 texel = texture2D(map, vMapUv);
    texel.rgb *= texel.rgb * (texel.rgb * 0.305306011 + 0.682171111) + 0.012522878;
    diffuseColor *= texel;
  #endif`;

const VERTEX = `
  varying vec2 at;
  void main() {
    at = uv;
    gl_Position = vec4(position.xy, 0.0, 1.0);
  }`;

// Depth along the optical axis in centimetres, high byte in red, low byte in green; 0 is the sky.
const MEASURE = `
  varying vec2 at;
  uniform sampler2D depth;
  uniform float near;
  uniform float far;
  void main() {
    float d = texture2D(depth, at).r;
    float z = near * far / (far - d * (far - near));
    float cm = d >= 1.0 ? 0.0 : floor(z * 100.0 + 0.5);
    float high = floor(cm / 256.0);
    gl_FragColor = vec4(high / 255.0, (cm - high * 256.0) / 255.0, 0.0, 1.0);
  }`;

/** A renderer in software whose picture is developed by the tone curve as it is drawn. */
export function openRenderer(): THREE.WebGLRenderer {
  THREE.ShaderChunk.tonemapping_pars_fragment = THREE.ShaderChunk.tonemapping_pars_fragment.replace(
    /vec3 CustomToneMapping\([^}]*\}/,
    CURVE,
  );
  THREE.ShaderChunk.shadowmap_pars_fragment = THREE.ShaderChunk.shadowmap_pars_fragment.replace(TAPS, TAP);
  THREE.ShaderChunk.map_fragment = DECODE;
  const renderer = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(1);
  renderer.setSize(WIDE, TALL, false);
  renderer.toneMapping = THREE.CustomToneMapping;
  renderer.toneMappingExposure = EXPOSURE;
  renderer.shadowMap.enabled = true;
  renderer.shadowMap.type = THREE.PCFShadowMap;
  renderer.shadowMap.autoUpdate = false;
  return renderer;
}

/** Takes pictures and depth maps of a scene. */
export class Film {
  private readonly renderer: THREE.WebGLRenderer;
  private readonly pixels = new Uint8Array(WIDE * TALL * 4);
  private readonly measured: THREE.WebGLRenderTarget;
  private readonly map = new THREE.WebGLRenderTarget(WIDTH / DEPTH_STEP, HEIGHT / DEPTH_STEP, { depthBuffer: false });
  private readonly measure = new THREE.ShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: MEASURE,
    uniforms: { depth: { value: null }, near: { value: 1 }, far: { value: 1 } },
  });
  private readonly sheet = new THREE.Mesh(new THREE.PlaneGeometry(2, 2), this.measure);

  /** Takes pictures with `renderer`, which must come from `openRenderer`. */
  constructor(renderer: THREE.WebGLRenderer) {
    this.renderer = renderer;
    const depthTexture = new THREE.DepthTexture(WIDTH / DEPTH_STEP, HEIGHT / DEPTH_STEP, THREE.FloatType);
    this.measured = new THREE.WebGLRenderTarget(WIDTH / DEPTH_STEP, HEIGHT / DEPTH_STEP, {
      depthTexture,
      minFilter: THREE.NearestFilter,
      magFilter: THREE.NearestFilter,
    });
    this.measure.uniforms['depth']!.value = depthTexture;
  }

  /** One frame as RGBA bytes, bottom row first; they are overwritten by the next. */
  expose(scene: THREE.Scene, camera: THREE.Camera): Uint8Array<ArrayBuffer> {
    this.renderer.setRenderTarget(null);
    this.renderer.render(scene, camera);
    const gl = this.renderer.getContext();
    gl.readPixels(0, 0, WIDE, TALL, gl.RGBA, gl.UNSIGNED_BYTE, this.pixels);
    return this.pixels;
  }

  /** One depth map as RGBA bytes (centimetres in red and green), bottom row first. */
  range(scene: THREE.Scene, camera: THREE.PerspectiveCamera): Uint8Array<ArrayBuffer> {
    this.measure.uniforms['near']!.value = camera.near;
    this.measure.uniforms['far']!.value = camera.far;
    this.renderer.setRenderTarget(this.measured);
    this.renderer.render(scene, camera);
    this.renderer.setRenderTarget(this.map);
    this.renderer.render(this.sheet, new THREE.Camera());
    const pixels = new Uint8Array(this.map.width * this.map.height * 4);
    this.renderer.readRenderTargetPixels(this.map, 0, 0, this.map.width, this.map.height, pixels);
    return pixels;
  }
}
