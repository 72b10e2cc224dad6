import { droppedLogLines } from '@andamio/schema/log-events';
import { createGcpLoggingPinoConfig } from '@google-cloud/pino-logging-gcp-config';
import { type DestinationStream, type Logger, pino } from 'pino';
import { createLogOutput } from './log-output.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  readonly level: string;
  /** The project whose traces lines are joined to; without one they carry the bare trace id. */
  readonly project: string | undefined;
  readonly destination?: DestinationStream;
}

/**
 * Makes the log: one JSON line an entry on standard output, with the fields that Cloud Logging understands
 * (https://cloud.google.com/logging/docs/structured-logging).
 */
export function createLog({ level, project, destination }: LogOptions): Logger {
  const options = createGcpLoggingPinoConfig(
    {
      // Given, so that nothing is looked up: the library would ask Google's metadata server for both.
      serviceContext: { service: 'andamio-api' },
      traceGoogleCloudProjectId: project ?? '',
      inihibitDiagnosticMessage: true,
    },
    { level, base: null },
  );
  const output =
    destination ??
    createLogOutput({
      fd: 1,
      onDropped: (count) => log.warn({ event: 'log_lines_dropped', dropped: count }, droppedLogLines(count)),
    });
  const log = pino(options, output);
  return log;
}
