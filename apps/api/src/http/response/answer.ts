import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Alternating header names and values, as `writeHead` takes them. */
export type RawHeaders = readonly string[];

/** A complete HTTP response, as a value. */
export interface Answer {
  readonly status: number;
  /** The headers, except `Content-Length` and the headers that every response has. */
  readonly headers: RawHeaders;
  /** The body. It is sent in parts, without `Content-Length`, if it may be large. */
  readonly body: string | Uint8Array | AsyncIterable<string>;
}

/** A JSON text in parts, for an answer that may be large. */
export class JsonParts {
  readonly parts: AsyncIterable<string>;

  constructor(parts: AsyncIterable<string>) {
    this.parts = parts;
  }
}

export const jsonType: RawHeaders = ['Content-Type', 'application/json; charset=utf-8'];

/** Headers for an answer that must not be cached, such as a key, an error or a health check. */
export const noStore: RawHeaders = ['Cache-Control', 'no-store'];

/** Headers for an answer that must not be cached and that pages of listed origins may read. */
export const uncached: RawHeaders = [...noStore, 'Vary', 'Origin'];

/**
 * Creates the answer of a successful operation with a JSON body.
 *
 * @param value a value that can be written as JSON, or {@link JsonParts}.
 */
export function jsonAnswer(value: unknown, status = 200): Answer {
  const body = value instanceof JsonParts ? value.parts : JSON.stringify(value);
  return { status, headers: [...uncached, ...jsonType], body };
}

/** Resolves when a response accepts more data, or when its connection is closed. */
function untilWritable(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  return promise.finally(() => response.off('drain', resolve).off('close', resolve));
}

/**
 * Sends a body in parts. Produces a part only when the client has read enough of the earlier ones,
 * and lets other requests take their turn between parts. Stops if the client disconnects.
 */
async function sendParts(response: ServerResponse, parts: AsyncIterable<string>): Promise<void> {
  for await (const part of parts) {
    if (!response.write(part)) await untilWritable(response);
    await nextTurn();
    if (response.destroyed) return;
  }
  response.end();
}

/**
 * Sends an answer. Its headers replace headers of the same name that are already set on the
 * response.
 *
 * @returns a promise if the body is sent in parts. It rejects with the error of a part.
 */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: Answer,
): Promise<void> | void {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    response.writeHead(status, [...headers]);
    return sendParts(response, body);
  }
  response.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body))]);
  response.end(body);
}
