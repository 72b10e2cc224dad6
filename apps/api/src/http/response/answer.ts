import type { ServerResponse } from 'node:http';

/** Alternating header names and values, as `writeHead` takes them. */
export type RawHeaders = readonly string[];

/** A complete HTTP response, as a value. */
export interface Answer {
  readonly status: number;
  /** The headers, except `Content-Length` and the headers that every response has. */
  readonly headers: RawHeaders;
  readonly body: string | Uint8Array;
}

export const jsonType: RawHeaders = ['Content-Type', 'application/json; charset=utf-8'];

/** Headers for an answer that must not be cached, such as a key, an error or a health check. */
export const noStore: RawHeaders = ['Cache-Control', 'no-store'];

/** Headers for an answer that must not be cached and that pages of listed origins may read. */
export const uncached: RawHeaders = [...noStore, 'Vary', 'Origin'];

/** Creates the answer of a successful operation with a JSON body. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: [...uncached, ...jsonType], body: JSON.stringify(value) };
}

/**
 * Sends an answer. Its headers replace headers of the same name that are already set on the
 * response.
 */
export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body))]);
  response.end(body);
}
