import { type LogEvent, logLinesDropped } from '@andamio/schema/log-events';
import { createGcpLoggingPinoConfig } from '@google-cloud/pino-logging-gcp-config';
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { createLogOutput } from './log-output.ts';
import { readableOutput } from './readable-log.ts';
import { reasonOf } from './reason.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  readonly level: string;
  /**
   * The Google Cloud project that the traces belong to. If undefined, trace ids are logged without
   * a project.
   */
  readonly project: string | undefined;
  /** Whether to write human-readable lines instead of JSON. */
  readonly isReadable?: boolean;
  readonly destination?: DestinationStream;
}

/**
 * Serializes an error as pino does, except that its message and those of its causes are joined as
 * sentences. pino joins them with a colon, even after a period.
 */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const serialized = stdSerializers.err(error);
  serialized.message = reasonOf(error);
  return serialized;
}

/**
 * Creates the log. Each entry is one JSON line on standard output, with the fields of Cloud
 * Logging's structured logs (https://cloud.google.com/logging/docs/structured-logging), or one
 * human-readable line if `isReadable` is set.
 */
export function createLog({ level, project, isReadable, destination }: LogOptions): Logger {
  const options = createGcpLoggingPinoConfig(
    {
      // Without these two values, the library would query Google's metadata server.
      serviceContext: { service: 'andamio-api' },
      traceGoogleCloudProjectId: project ?? '',
      inihibitDiagnosticMessage: true,
    },
    { level, base: null, serializers: { err: serializeError } },
  );
  const output =
    destination ??
    createLogOutput({
      fd: 1,
      onDropped: (count) => logEvent(log, 'warn', logLinesDropped(count), { dropped: count }),
    });
  const log = pino(options, isReadable ? readableOutput(output) : output);
  return log;
}

/** Logs an event under its stable name, in the field `event`. */
export function logEvent(
  log: Logger,
  level: 'info' | 'warn',
  { event, message }: LogEvent,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  log[level]({ event, ...fields }, message);
}
