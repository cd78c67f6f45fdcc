import type ort from 'onnxruntime-node';
import { SeamlineError } from '../../common/seamline-error.ts';

/** What the product knows of one execution provider of ONNX Runtime. */
export interface ProviderEntry {
  /** What ONNX Runtime is given. */
  readonly option: (deviceId: number | undefined) => ort.InferenceSession.ExecutionProviderConfig;
  /** Library beside ONNX Runtime's own that must be installed first, without prefix and suffix. */
  readonly library?: string;
}

const device = (deviceId: number | undefined): { deviceId?: number } => (deviceId === undefined ? {} : { deviceId });

/** Every provider that the configuration may name. */
export const PROVIDERS: Readonly<Record<string, ProviderEntry>> = Object.freeze({
  tensorrt: {
    option: (deviceId: number | undefined) => ({ name: 'tensorrt' as const, ...device(deviceId) }),
    library: 'onnxruntime_providers_tensorrt',
  },
  cuda: {
    option: (deviceId: number | undefined) => ({ name: 'cuda' as const, ...device(deviceId) }),
    library: 'onnxruntime_providers_cuda',
  },
  webgpu: { option: () => ({ name: 'webgpu' as const }) },
  cpu: { option: () => 'cpu' },
});

/** The session option of a provider. @throws SeamlineError `config-invalid` for a name that is not in the table */
export function providerOption(
  name: string,
  deviceId: number | undefined,
): ort.InferenceSession.ExecutionProviderConfig {
  const entry = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined;
  if (entry === undefined) {
    throw new SeamlineError(
      'config-invalid',
      `unknown execution provider; known: ${Object.keys(PROVIDERS).join(', ')}`,
    );
  }
  return entry.option(deviceId);
}
