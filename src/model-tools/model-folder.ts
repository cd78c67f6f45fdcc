// The configuration's decorators need it before they run.
import 'reflect-metadata';
import { resolve } from 'node:path';
import { loadConfig, projectPath } from '../config/config.loader.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { probeProvider } from '../inference/execution-provider.ts';
import type { SessionOptions } from '../inference/runtime/session.ts';

/** The folder of all bundles: as the flag says (from the working directory), else as the configuration does. */
export function modelFolder(flag: string | undefined): string {
  return flag === undefined ? projectPath(loadConfig().inference.modelDir) : resolve(flag);
}

/**
 * One thread on one provider.
 * @throws SeamlineError `inference-failed` when this machine cannot use the provider
 */
export async function sessionOptions(provider: string): Promise<SessionOptions> {
  const reason = provider === 'cpu' ? undefined : await probeProvider(provider);
  if (reason !== undefined) throw new SeamlineError('inference-failed', `the provider ${provider} ${reason}`);
  return { provider, deviceId: undefined, threads: 1 };
}
