import { join, resolve } from 'node:path';
import { importBundle } from '../bundle-import/import-bundle.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { readBundle } from '../inference/model-store.ts';
import type { ModelFlags, Print } from './model-flags.ts';
import { modelFolder, sessionOptions } from './model-folder.ts';
import { loadOnce } from './load-once.ts';

/** `seamline models import`. Every graph is loaded and run once by ONNX Runtime before the bundle gets its name. */
export async function importCommand(
  [source = '']: readonly string[],
  flags: ModelFlags,
  print: Print,
): Promise<number> {
  if (flags.name === undefined) throw new SeamlineError('invalid-request', 'say what to call the bundle: --name NAME');
  const modelDir = modelFolder(flags['model-dir']);
  const options = await sessionOptions('cpu');
  const manifest = await importBundle({
    source: resolve(source),
    modelDir,
    name: flags.name,
    precision: flags.fp16 === true ? 'float16' : 'float32',
    replace: flags.force === true,
    verify: async (folder) => loadOnce(await readBundle(folder), options),
  });
  print(`imported ${manifest.name} (version ${manifest.version}) into ${join(modelDir, manifest.name)}`);
  print(`use it with "model": "${manifest.name}" in POST /stitch, or --model ${manifest.name}`);
  return 0;
}
