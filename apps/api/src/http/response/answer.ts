import type { ServerResponse } from 'node:http';

/** Names and values in turns, as `writeHead` takes them. */
export type RawHeaders = readonly string[];

/** A whole answer to a request, as a value. */
export interface Answer {
  readonly status: number;
  /** All headers but `Content-Length` and those that every answer has. */
  readonly headers: RawHeaders;
  readonly body: string | Uint8Array;
}

export const jsonType: RawHeaders = ['Content-Type', 'application/json; charset=utf-8'];

/** Keys, errors and the state of health are for this client at this moment only. */
export const noStore: RawHeaders = ['Cache-Control', 'no-store'];

/** The same for an answer that says which pages may read it. */
export const uncached: RawHeaders = [...noStore, 'Vary', 'Origin'];

/** Creates the answer of a successful operation. */
export function jsonAnswer(value: unknown): Answer {
  return { status: 200, headers: [...uncached, ...jsonType], body: JSON.stringify(value) };
}

/** Sends an answer. Its headers replace those of the same name that the response has already. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body))]);
  response.end(body);
}
