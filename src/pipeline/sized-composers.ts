import { Composer, type ComposeOptions, type Panorama } from '../compose/composer.ts';
import type { ComposerOptions } from '../compose/composer-options.ts';
import type { Frame } from '../contract/frame-ring.ts';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import type { ViewSizes } from '../geometry/canvas.ts';

/**
 * One composer for each working size of the views, all with the same canvas: a pair is drawn by the one that its
 * frames fit. One that was made stays, since a job comes back to few sizes.
 */
export class SizedComposers {
  readonly #options: Omit<ComposerOptions, 'views'>;
  readonly #composers = new Map<string, Composer>();
  #isBlurred = false;

  private constructor(options: Omit<ComposerOptions, 'views'>) {
    this.#options = options;
  }

  /** @throws RangeError as `Composer.create` */
  static async create({ views, ...options }: ComposerOptions): Promise<SizedComposers> {
    const composers = new SizedComposers(options);
    await composers.prepare(views);
    return composers;
  }

  /** Makes sure that there is a composer for these views. */
  async prepare(views: ViewSizes): Promise<void> {
    const key = keyOf(views);
    if (this.#composers.has(key)) return;
    const composer = await Composer.create({ ...this.#options, views });
    composer.setBlurred(this.#isBlurred);
    this.#composers.set(key, composer);
  }

  /** As Composer.setGeometry, for pairs of the views that the geometry is for. */
  setGeometry(geometry: CanvasGeometry, transitionFrames: number): Promise<void> {
    const views = { reference: geometry.referenceView, target: geometry.targetView };
    return this.#of(views).setGeometry(geometry, transitionFrames);
  }

  /** As Composer.setBlurred. */
  setBlurred(isBlurred: boolean): void {
    this.#isBlurred = isBlurred;
    for (const composer of this.#composers.values()) composer.setBlurred(isBlurred);
  }

  /** As Composer.compose; one call at a time. */
  async compose(reference: Frame, target: Frame, options: ComposeOptions): Promise<Panorama> {
    return this.#of({ reference: reference.size, target: target.size }).compose(reference, target, options);
  }

  /** Ends all workers. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#composers.values()].map((composer) => composer.close()));
  }

  #of(views: ViewSizes): Composer {
    const composer = this.#composers.get(keyOf(views));
    if (composer === undefined) throw new RangeError(`no composer was prepared for views of ${keyOf(views)}`);
    return composer;
  }
}

function keyOf({ reference, target }: ViewSizes): string {
  return `${reference.widthPx} × ${reference.heightPx}, ${target.widthPx} × ${target.heightPx}`;
}
