import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { withDeadline } from '../common/deadline.ts';
import { spawnChild } from '../process/child.ts';
import { siblingModule } from '../process/sibling-module.ts';
import { PROVIDERS } from './runtime/provider-table.ts';

/** A GPU needs under 1 ms for the probe, a software adapter 70 ms (measured, SwiftShader). */
const MAX_PROBE_MS = 25;
/** Starting a driver for the first time may compile shaders. */
const PROBE_DEADLINE_MS = 20_000;

/** Why a provider was passed over, in plain words. */
export interface ProviderFallback {
  readonly provider: string;
  readonly reason: string;
}

/** What the probes found. */
export interface ProbeResult {
  /** Providers that work, in the configured order. */
  readonly usable: readonly string[];
  readonly fallbacks: readonly ProviderFallback[];
}

/**
 * Tries each provider in the configured order, in a child process: a tiny network is loaded, run, checked and timed.
 * Stops at the first that passes, since later ones are needed only when that one fails afterwards; those are
 * returned unprobed behind it.
 * @param order names of the provider table
 * @param deviceId GPU for `tensorrt` and `cuda`
 */
export async function probeProviders(order: readonly string[], deviceId?: number): Promise<ProbeResult> {
  const fallbacks: ProviderFallback[] = [];
  for (const [index, provider] of order.entries()) {
    const reason = await probeProvider(provider, deviceId);
    if (reason === undefined) return { usable: order.slice(index), fallbacks };
    fallbacks.push({ provider, reason });
  }
  return { usable: [], fallbacks };
}

/** Why one provider cannot be used here, or undefined when it can. */
export async function probeProvider(provider: string, deviceId?: number): Promise<string | undefined> {
  const entry = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined;
  if (entry === undefined) return `is not known; known are ${Object.keys(PROVIDERS).join(', ')}`;
  if (entry.library !== undefined && !isInstalled(entry.library)) {
    return 'its library is not installed (npm run setup:gpu installs it)';
  }
  const child = spawnChild({
    command: process.execPath,
    args: [fileURLToPath(siblingModule(import.meta.url, './provider-probe.main')), provider, String(deviceId ?? '')],
  });
  child.stdin.end();
  try {
    const output = await withDeadline(text(child.stdout), PROBE_DEADLINE_MS, 'the probe');
    const exit = await child.exited;
    return judge(output, exit.exitCode, exit.signal);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    child.kill();
  }
}

function judge(output: string, exitCode: number | null, signal: string | null): string | undefined {
  let answer: { ms?: number; reason?: string };
  try {
    answer = JSON.parse(output) as { ms?: number; reason?: string };
  } catch {
    return `its probe ended with ${signal ?? `exit code ${exitCode}`}`;
  }
  if (answer.ms === undefined) return answer.reason ?? 'its probe said nothing';
  if (answer.ms <= MAX_PROBE_MS) return undefined;
  return `is too slow to be a device: ${Math.round(answer.ms)} ms for a probe that takes a GPU 1 ms`;
}

/** True when a provider's library lies beside ONNX Runtime's own. */
function isInstalled(library: string): boolean {
  const name = { win32: `${library}.dll`, darwin: `lib${library}.dylib` }[platform() as string] ?? `lib${library}.so`;
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  return existsSync(join(dirname(entry), '..', 'bin', 'napi-v6', platform(), arch(), name));
}
