import { Module, type DynamicModule } from '@nestjs/common';
import type { LogLoss } from './log-output.ts';
import { LOGGER, type Logger } from './logger.ts';

/** Injection token of what the log has lost. */
export const LOG_LOSS = Symbol('LogLoss');

/** Gives every module the process's one logger under the token LOGGER, and its LogLoss. */
@Module({})
export class LoggingModule {
  static with(logger: Logger, loss: LogLoss): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: LOG_LOSS, useValue: loss },
      ],
      exports: [LOGGER, LOG_LOSS],
    };
  }
}
