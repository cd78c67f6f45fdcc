import type { CameraIndex } from '../contract/pixels.ts';

/**
 * Shared by the two cameras of a job: the wall clocks in their sender reports are used only while both agree with this
 * machine's clock, since one wrong clock beside a right one would pull the views apart.
 */
export class NtpAgreement {
  readonly #isPlausible: [boolean, boolean] = [false, false];

  /** @param isPlausible whether the camera's clock agrees; false again when the camera is lost */
  report(camera: CameraIndex, isPlausible: boolean): void {
    this.#isPlausible[camera] = isPlausible;
  }

  get isReached(): boolean {
    return this.#isPlausible[0] && this.#isPlausible[1];
  }
}
