import type { Bundle, NetworkRole } from '../inference/model-store.ts';
import { NetworkSession, type SessionOptions } from '../inference/runtime/session.ts';

/**
 * Loads every network of a bundle, compares it with the manifest, runs it on zeros and lets it go.
 * @throws SeamlineError `model-invalid` or `inference-failed`
 */
export async function loadOnce(bundle: Bundle, options: SessionOptions): Promise<void> {
  for (const role of ['spatial', 'temporal', 'smooth'] satisfies NetworkRole[]) {
    const session = await NetworkSession.open(role, bundle.files[role], bundle.networks[role], options);
    await session.close();
  }
}
