import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';

/** How long things may take, in milliseconds. */
const defaultTimeouts = {
  /** Within these a request must have arrived (service contract, "Settled beside"). */
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  /** How often that is looked after. */
  connectionsCheckingInterval: 1_000,
  /** How long a connection is kept for the next request. */
  keepAliveTimeout: 65_000,
};

export type Timeouts = typeof defaultTimeouts;

/** What the parser refused, in the error body (contract, part C), and then the end of the connection. */
function refuse(socket: Duplex, code: ErrorCode): void {
  const body = errorBody(code);
  const content = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${body.statusCode} ${STATUS_CODES[body.statusCode]}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(content)}`,
      'Cache-Control: no-store',
      `${errorCodeHeader}: ${code}`,
      '',
      content,
    ].join('\r\n'),
  );
}

function isParserError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('HPE_') === true;
}

/** Makes the HTTP server: bounds on time and size, and an answer to what is not well-formed HTTP. */
export function createHttpServer(listener: RequestListener, timeouts: Partial<Timeouts> = {}): Server {
  // A missing Host and a strange Expect would be answered by Node itself, in no error body: the one is refused by the
  // service, the other ignored (RFC 9110 sections 7.2 and 10.1.1).
  const server = createServer({ ...defaultTimeouts, ...timeouts, requireHostHeader: false }, listener);
  server.on('checkExpectation', listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || !isParserError(error)) socket.destroy();
    else refuse(socket, error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'malformed_request');
  });
  return server;
}
