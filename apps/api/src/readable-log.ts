import { printable } from '@andamio/schema/printable';
import type { DestinationStream } from 'pino';

/** A parsed log line. The fields listed here have a fixed place in the readable form. */
interface LogLine {
  readonly severity: string;
  readonly timestamp: { readonly seconds: number };
  readonly message: string;
  readonly requestId?: string;
  readonly httpRequest?: {
    readonly requestMethod?: string;
    readonly requestUrl?: string;
    readonly status?: number;
    readonly latency: string;
  };
  readonly errorCode?: string;
  readonly reason?: string;
  readonly err?: { readonly message: string; readonly stack: string };
  readonly [field: string]: unknown;
}

/**
 * Fields that are not appended to the text of a line, because they are only for Cloud Logging or
 * have a fixed place.
 */
const hidden = new Set([
  'severity',
  'level',
  'timestamp',
  'message',
  'event',
  'requestId',
  'httpRequest',
  'errorCode',
  'reason',
  'err',
  'stack_trace',
  'serviceContext',
]);

const isHidden = (field: string) =>
  hidden.has(field) || field.startsWith('logging.googleapis.com/');

/** Returns the text of a line, without its time, level and other fields. */
function textOf({ message, httpRequest, errorCode, reason, requestId, err }: LogLine): string {
  if (httpRequest === undefined) return [message, err?.message].filter(Boolean).join(' ');
  const { requestMethod: method, requestUrl: route, status, latency } = httpRequest;
  const milliseconds = Math.round(Number.parseFloat(latency) * 1000);
  const words = [
    method ?? 'request',
    route,
    status ?? message,
    `${milliseconds} ms`,
    errorCode,
    reason,
    ...(err === undefined ? [] : [`(request ${requestId})`, err.message]),
  ];
  return words.filter((word) => word !== undefined).join(' ');
}

/** Returns a log line for a terminal: time, level unless it is INFO, text, and other fields. */
function readable(json: string): string {
  const line = JSON.parse(json) as LogLine;
  const { severity, timestamp, err } = line;
  const time = new Date(timestamp.seconds * 1000).toTimeString().slice(0, 8);
  const level = severity === 'INFO' ? '' : `${severity} `;
  const fields = Object.entries(line)
    .filter(([field]) => !isHidden(field))
    .map(
      ([field, value]) => ` ${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  const isFault = severity === 'ERROR' || severity === 'CRITICAL';
  const stack = isFault && err !== undefined ? `\n${err.stack}` : '';
  const text = `${time} ${level}${textOf(line)}${fields.join('')}${stack}`;
  return `${text.split('\n').map(printable).join('\n')}\n`;
}

/** Returns a log output that writes each line in readable form to another output. */
export const readableOutput = (output: DestinationStream): DestinationStream => ({
  write: (line) => output.write(readable(line)),
});
