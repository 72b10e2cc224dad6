import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';

/** A request that the server has received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (received: Received, response: ServerResponse) => void | Promise<void>;

/** Starts an HTTP server on loopback. It stops after the test file. */
export async function startServer(
  handle: Handler,
): Promise<{ readonly url: string; readonly received: readonly Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const current = { method, path, headers, body: await text(request) };
    received.push(current);
    await handle(current, response);
  });
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, received };
}

/** Forwards a request to a service and resolves to the response. */
export function forward(url: string, { method, path, headers, body }: Received): Promise<Response> {
  const names = ['authorization', 'content-type', 'idempotency-key', 'x-api-key'];
  const sent = names.map((name) => [name, headers[name]]);
  return fetch(url + path, {
    method,
    headers: sent.filter((header): header is [string, string] => typeof header[1] === 'string'),
    body: method === 'GET' ? null : body,
  });
}

/** Forwards a request to a service, and responds with its status, body and error code. */
export async function relay(
  url: string,
  received: Received,
  response: ServerResponse,
): Promise<void> {
  const answer = await forward(url, received);
  const code = answer.headers.get('x-error-code');
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    ...(code !== null && { 'x-error-code': code }),
  });
  response.end(await answer.text());
}

/** Returns a handler that refuses every request with an error of the service. */
export const refusing =
  (status: number, code: string, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    const type = 'application/json';
    response.writeHead(status, { 'content-type': type, 'x-error-code': code, ...headers });
    response.end(JSON.stringify({ details: 'why', message: 'Message.', statusCode: status }));
  };

/**
 * Returns a handler that forwards the first request to a service, and loses the response. It passes
 * all later requests to another handler, which by default relays them.
 */
export function losingFirst(
  url: string,
  next: Handler = (received, response) => relay(url, received, response),
): Handler {
  let isLost = false;
  return async (received, response) => {
    if (isLost) return next(received, response);
    isLost = true;
    await forward(url, received);
    response.socket?.destroy();
  };
}
