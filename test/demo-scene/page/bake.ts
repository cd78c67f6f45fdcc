import * as THREE from 'three';
import { mergeGeometries } from 'three/addons/utils/BufferGeometryUtils.js';

/** Position, normal and texture coordinates of a mesh in world coordinates, without an index. */
function flatten(mesh: THREE.Mesh): THREE.BufferGeometry {
  const source = mesh.geometry.index === null ? mesh.geometry.clone() : mesh.geometry.toNonIndexed();
  source.applyMatrix4(mesh.matrixWorld);
  const flat = new THREE.BufferGeometry();
  const count = source.getAttribute('position').count;
  for (const [name, size] of [
    ['position', 3],
    ['normal', 3],
    ['uv', 2],
  ] as const) {
    flat.setAttribute(
      name,
      source.getAttribute(name) ?? new THREE.BufferAttribute(new Float32Array(count * size), size),
    );
  }
  return flat;
}

/**
 * One mesh per material in place of the many of a group that never moves: drawing in software costs more per call than
 * per triangle. Meshes with several materials are kept as they are.
 */
export function bake(group: THREE.Object3D): THREE.Group {
  group.updateMatrixWorld(true);
  const baked = new THREE.Group();
  const lots = new Map<string, THREE.Mesh[]>();
  group.traverse((part) => {
    if (!(part instanceof THREE.Mesh)) return;
    if (Array.isArray(part.material)) {
      const kept = new THREE.Mesh(part.geometry.clone().applyMatrix4(part.matrixWorld), part.material);
      [kept.castShadow, kept.receiveShadow] = [part.castShadow, part.receiveShadow];
      baked.add(kept);
      return;
    }
    const key = `${(part.material as THREE.Material).uuid} ${part.castShadow} ${part.receiveShadow}`;
    lots.set(key, [...(lots.get(key) ?? []), part]);
  });
  for (const lot of lots.values()) {
    const first = lot[0]!;
    const mesh = new THREE.Mesh(mergeGeometries(lot.map(flatten)), first.material);
    [mesh.castShadow, mesh.receiveShadow] = [first.castShadow, first.receiveShadow];
    baked.add(mesh);
  }
  return baked;
}
