import {
  DEPTH_STEP,
  FAR,
  farPlaneHomography,
  FOCAL,
  FPS,
  FRAMES,
  HEIGHT,
  overlapShare,
  PHOTOMETRY,
  poses,
  WIDTH,
} from './rigs.ts';
import type { ClipName, Pose, ViewName } from './rigs.ts';
import { frontsOnFarPlane } from './row.ts';

/** Frames of which depth maps are kept. */
export const DEPTH_FRAMES: readonly number[] = [0, 125, 250, 375];

const SIDES: Record<ViewName, string> = { reference: 'left', target: 'right' };

/** The name of a clip's file. */
export function clipFile(clip: ClipName, view: ViewName): string {
  return `${clip}-${SIDES[view]}.mp4`;
}

/** The name of a depth map's file. */
export function depthFile(clip: ClipName, view: ViewName, frame: number): string {
  return `${clip}-${SIDES[view]}-${String(frame).padStart(3, '0')}-depth.png`;
}

const rounded = (values: readonly number[], digits: number): number[] =>
  values.map((v) => Number(v.toPrecision(digits)));

function flat(pose: Pose): { position: number[]; rotation: number[] } {
  return { position: rounded(pose.position, 9), rotation: rounded(pose.rotation, 12) };
}

/** What is known of one frame; matrices are row-major and act on continuous pixels. */
function frameTruth(reference: Pose, target: Pose): object {
  const there = farPlaneHomography(reference, target);
  const back = farPlaneHomography(target, reference);
  return {
    reference: flat(reference),
    target: flat(target),
    reference_to_target: rounded(there, 12),
    target_to_reference: rounded(back, 12),
    overlap: rounded([overlapShare(there)], 4)[0],
  };
}

/** The ground truth of a pair of clips as a JSON text, one line per frame. */
export function truthText(clip: ClipName): string {
  const [reference, target] = [poses(clip, 'reference'), poses(clip, 'target')];
  const view = (name: ViewName): object => ({
    file: clipFile(clip, name),
    ev: PHOTOMETRY[clip][name].ev,
    gains: PHOTOMETRY[clip][name].gains,
    depth: DEPTH_FRAMES.map((frame) => ({ frame, file: depthFile(clip, name, frame) })),
  });
  const head = {
    version: 1,
    clip,
    width: WIDTH,
    height: HEIGHT,
    fps: FPS,
    frame_count: FRAMES,
    intrinsics: { fx: FOCAL, fy: FOCAL, cx: WIDTH / 2, cy: HEIGHT / 2 },
    far_plane: { point: [0, 0, -FAR], normal: [0, 0, 1], fronts: frontsOnFarPlane() },
    depth_step: DEPTH_STEP,
    depth_unit_m: 0.01,
    views: { reference: view('reference'), target: view('target') },
  };
  const frames = reference.map((pose, i) => `    ${JSON.stringify(frameTruth(pose, target[i]!))}`);
  const text = JSON.stringify(head, undefined, 2);
  return `${text.slice(0, text.lastIndexOf('\n'))},\n  "frames": [\n${frames.join(',\n')}\n  ]\n}\n`;
}
