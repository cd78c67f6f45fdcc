import type { LoggerService } from '@nestjs/common';
import type { Logger, LogLevel } from './logger.ts';

/** Nest's own messages in our form: constant text, Nest's sentence as `reason`, its context as `context`. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  // Nest reports each route and module that it sets up at "log"; that is detail for us.
  log(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  #write(level: LogLevel, message: unknown, rest: readonly unknown[]): void {
    const context = rest.findLast((item) => typeof item === 'string');
    const err = message instanceof Error ? message : undefined;
    const reason = err === undefined ? String(message) : err.message;
    this.#logger.log(level, 'framework message', { context, reason, ...(err === undefined ? {} : { err }) });
  }
}
