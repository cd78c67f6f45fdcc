import { pino, type DestinationStream, type Level } from 'pino';
import type { LogFields } from './log-fields.ts';
import { LogOutput } from './log-output.ts';
import { redact } from './redaction.ts';

/** Severity of a line, most severe first. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * What every part logs through. `message` is a constant text in lower case; what varies goes into `fields`. In a job
 * process the same interface sends the lines to the API process.
 */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /** A logger whose lines carry `fields` too. */
  child(fields: LogFields): Logger;
}

/** Injection token of the process's logger. */
export const LOGGER = Symbol('Logger');

/** Receives one line that has passed redaction. */
export type LogSink = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

class SinkLogger implements Logger {
  readonly #sink: LogSink;
  readonly #fields: LogFields;
  readonly #isEnabled: (level: LogLevel) => boolean;

  constructor(sink: LogSink, fields: LogFields, isEnabled: (level: LogLevel) => boolean) {
    this.#sink = sink;
    this.#fields = fields;
    this.#isEnabled = isEnabled;
  }

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.#isEnabled(level)) return;
    const all = redact({ ...this.#fields, ...fields }) as Record<string, unknown>;
    this.#sink(level, redact(message) as string, all);
  }

  fatal(message: string, fields?: LogFields): void {
    this.log('fatal', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.log('error', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.log('warn', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.log('info', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.log('debug', message, fields);
  }

  trace(message: string, fields?: LogFields): void {
    this.log('trace', message, fields);
  }

  child(fields: LogFields): Logger {
    return new SinkLogger(this.#sink, { ...this.#fields, ...fields }, this.#isEnabled);
  }
}

/**
 * A logger over any sink, for example the channel of a job process; redaction has happened when the sink is called.
 * @param isEnabled levels that are worth the work; all by default
 */
export function loggerOver(sink: LogSink, isEnabled: (level: LogLevel) => boolean = () => true): Logger {
  return new SinkLogger(sink, {}, isEnabled);
}

/** Says nothing. */
export const silentLogger: Logger = loggerOver(
  () => undefined,
  () => false,
);

/** How lines are written. */
export interface LoggerOptions {
  readonly level: string;
  /** `json`: one object a line. `pretty`: coloured, needs the development package pino-pretty. */
  readonly format?: string;
  /** Lines of the format `json` go here; standard output by default. */
  readonly destination?: DestinationStream;
}

/** The logger of a process that owns its standard output. */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level as Level;
  // Errors come as plain objects from redaction; pino's own serializer would give them another type.
  const base = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (err: unknown) => err },
  };
  const secondLine = {
    redact: { paths: ['password', '*.password', 'authorization', '*.authorization'], censor: '***' },
  };
  const writer =
    options.format === 'pretty'
      ? pino({ ...base, ...secondLine, transport: { target: 'pino-pretty' } })
      : pino(
          { ...base, ...secondLine, formatters: { level: (label) => ({ level: label }) } },
          options.destination ?? new LogOutput(),
        );
  return loggerOver(
    (lineLevel, message, fields) => writer[lineLevel](fields, message),
    (lineLevel) => writer.isLevelEnabled(lineLevel),
  );
}
