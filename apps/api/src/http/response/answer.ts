import type { ServerResponse } from 'node:http';

/** Names and values in turns, as `writeHead` takes them. */
export type RawHeaders = readonly string[];

/** An answer in JSON. */
export interface Answer {
  readonly status: number;
  /** Beside those that say what the body is. */
  readonly headers: RawHeaders;
  readonly json: string;
}

/** Sends an answer, all headers at once. They win over what the response has already. */
export function sendAnswer(response: ServerResponse, { status, headers, json }: Answer): void {
  const length = String(Buffer.byteLength(json));
  response.writeHead(status, [...headers, 'Content-Type', 'application/json; charset=utf-8', 'Content-Length', length]);
  response.end(json);
}
