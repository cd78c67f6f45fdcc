import { SeamlineError } from '../common/seamline-error.ts';
import type { BundleManifest } from '../contract/bundle-manifest.ts';
import { probeProvider } from '../inference/execution-provider.ts';
import { bundleFolder, listBundles, readBundle, readManifest, type Bundle } from '../inference/model-store.ts';
import { loadConfig } from '../config/config.loader.ts';
import type { ModelFlags, Print } from './model-flags.ts';
import { modelFolder } from './model-folder.ts';
import { timeNetworks } from './network-timing.ts';

const KINDS = { lite: 'Seamline’s own networks', stabstitch2: 'StabStitch++, imported' } as const;

/** `seamline models list`: one line a bundle; one that is damaged says so and does not hide the others. */
export async function listCommand(_operands: readonly string[], flags: ModelFlags, print: Print): Promise<number> {
  const folder = modelFolder(flags['model-dir']);
  const names = await listBundles(folder).catch((): readonly string[] => []);
  if (names.length === 0) print(`no bundles in ${folder}`);
  for (const name of names) {
    try {
      const { kind, version, description } = await readManifest(bundleFolder(folder, name));
      print(`${name.padEnd(24)} ${kind.padEnd(12)} ${version.padEnd(14)} ${description}`);
    } catch (error) {
      if (!(error instanceof SeamlineError)) throw error;
      print(`${name.padEnd(24)} damaged: ${error.message}`);
    }
  }
  return 0;
}

/** `seamline models show`: what a bundle is and what it costs here, on each provider that this machine has. */
export async function showCommand([name = '']: readonly string[], flags: ModelFlags, print: Print): Promise<number> {
  const bundle = await readBundle(bundleFolder(modelFolder(flags['model-dir']), name));
  describe(bundle, print);
  if (flags.timing === false) return 0;
  const providers = flags.provider === undefined ? loadConfig().inference.providers : [flags.provider];
  for (const provider of providers) {
    const reason = provider === 'cpu' ? undefined : await probeProvider(provider);
    if (reason === undefined) await printTimings(bundle, provider, print);
    else print(`${provider}: ${reason}`);
  }
  return 0;
}

function describe({ manifest, networks, files }: Bundle, print: Print): void {
  const { input, grid } = manifest satisfies BundleManifest;
  print(`${manifest.name}, version ${manifest.version}: ${KINDS[manifest.kind]}`);
  print(`  ${manifest.description}`);
  print(`  from     ${manifest.origin}`);
  print(`  licence  ${manifest.licence}`);
  print(
    `  takes    ${input.pixels} at ${input.width}×${input.height}, mesh of ${grid.rows + 1}×${grid.cols + 1} points`,
  );
  print(`  numbers  ${manifest.precision ?? 'float32'}, window of ${manifest.window} frames`);
  for (const role of ['spatial', 'temporal', 'smooth'] as const) {
    const megabytes = (files[role].length / 1e6).toFixed(1);
    print(`  ${role.padEnd(8)} ${networks[role].file}, ${megabytes} MB, SHA-256 ${networks[role].sha256}`);
  }
}

async function printTimings(bundle: Bundle, provider: string, print: Print): Promise<void> {
  try {
    const timings = await timeNetworks(bundle, { provider, deviceId: undefined, threads: 1 });
    for (const { role, medianMs, leastMs, cpuMs } of timings) {
      const figures = [medianMs, leastMs, cpuMs].map((value) => value.toFixed(1));
      print(
        `${provider}: ${role.padEnd(8)} ${figures[0]} ms (least ${figures[1]}), CPU time ${figures[2]} ms, one thread`,
      );
    }
  } catch (error) {
    if (!(error instanceof SeamlineError)) throw error;
    print(`${provider}: ${error.message}`);
  }
}
