import type { CameraStatus } from '../contract/job-messages.ts';
import type { CameraSource } from '../ingest/camera-source.ts';

/** A camera that is not opened yet, or is being exchanged. */
const STARTING: CameraStatus = {
  phase: 'connecting',
  reason: 'starting',
  client: 'direct',
  codec: undefined,
  widthPx: undefined,
  heightPx: undefined,
  fps: 0,
  framesReceived: 0,
  framesDropped: 0,
  reconnects: 0,
};

/** State of a camera, whether it is opened or not. */
export function statusOf(camera: CameraSource | undefined): CameraStatus {
  return camera?.status() ?? STARTING;
}
