import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';

/** Within how long a request must have arrived (service contract, "Settled beside"), in milliseconds. */
const headersTimeout = 15_000;
const requestTimeout = 30_000;
/** How often that is looked after, in milliseconds. */
const connectionsCheckingInterval = 1_000;
/** How long a connection is kept for the next request, in milliseconds. */
const keepAliveTimeout = 65_000;

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
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    { headersTimeout, requestTimeout, connectionsCheckingInterval, keepAliveTimeout },
    listener,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || !isParserError(error)) socket.destroy();
    else refuse(socket, error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'malformed_request');
  });
  return server;
}
