import { Injectable } from '@nestjs/common';
import type { PipelineSettings } from '../contract/job-spec.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Logger } from '../logging/logger.ts';
import { InferenceClient } from './inference-client.ts';
import { bundleFolder } from './model-store.ts';

/** What a job asks for. */
export interface StartInference {
  readonly settings: PipelineSettings;
  /** Name of the bundle. */
  readonly model: string;
  readonly memory: SharedMemoryPlan;
  readonly kernels: WebAssembly.Module;
  readonly log: Logger;
}

/** Starts the networks of a job. */
@Injectable()
export class InferenceService {
  /** @throws SeamlineError `model-invalid` or `inference-failed` */
  start({ settings, model, memory, kernels, log }: StartInference): Promise<InferenceClient> {
    return InferenceClient.start({
      memory,
      kernels,
      modelFolder: bundleFolder(settings.modelDir, model),
      providers: settings.providers,
      deviceId: settings.deviceId,
      threads: settings.inferenceThreads,
      cadence: 'live',
      log,
    });
  }
}
