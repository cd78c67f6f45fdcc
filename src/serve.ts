import 'reflect-metadata';
import { ApiServer } from './api-server.ts';
import { loadConfig } from './config/config.loader.ts';
import { SeamlineError } from './common/seamline-error.ts';
import { LogOutput } from './logging/log-output.ts';
import { createLogger, type Logger } from './logging/logger.ts';

/** Exit code of a server that could not start. */
const EXIT_START_FAILED = 1;

/**
 * Runs the server until a signal ends it: SIGTERM or SIGINT close it in order within `shutdown.timeoutMs`, a second one
 * ends it at once.
 * @param flags `--http-port 5000 …`
 */
export async function serve(flags: readonly string[]): Promise<void> {
  const output = new LogOutput();
  let logger = createLogger({ level: 'info', destination: output });
  try {
    const config = loadConfig({ flags });
    logger = createLogger({ level: config.log.level, format: config.log.format, destination: output });
    const server = await ApiServer.create(config, logger, output);
    endOnSignals(server, config.shutdown.timeoutMs, logger);
    await server.listen();
    const { http, rtsp } = server.ports;
    logger.info('server listens', { httpHost: config.http.host, httpPort: http, rtspPort: rtsp, pid: process.pid });
  } catch (error) {
    const reason = error instanceof SeamlineError ? error.message : undefined;
    logger.fatal('server cannot start', reason === undefined ? { err: error } : { reason });
    process.exitCode = EXIT_START_FAILED;
    // Something that was opened before the failure would keep the process alive.
    setImmediate(() => process.exit());
  }
}

function endOnSignals(server: ApiServer, timeoutMs: number, logger: Logger): void {
  let isEnding = false;
  const end = (signal: NodeJS.Signals): void => {
    if (isEnding) {
      logger.warn('second signal, server ends at once', { reason: signal });
      process.exit(1);
    }
    isEnding = true;
    logger.info('server stops', { reason: signal });
    const late = setTimeout(() => {
      logger.error('server did not stop in time', { durationMs: timeoutMs });
      process.exit(1);
    }, timeoutMs);
    late.unref();
    server.close().then(
      () => {
        logger.info('server stopped');
        process.exit(0);
      },
      (err: unknown) => {
        logger.error('server stopped badly', { err });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
