import { createServer, type RequestListener, type Server } from 'node:http';
import { keepAnswersInOrder } from './order.ts';
import { cutOffStalledReaders } from './write-timeout.ts';

/** How long things may take, in milliseconds. */
const defaultTimeouts = {
  /** Within these a request must have arrived (service contract, "Settled beside"). */
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  /** How often that is looked after. */
  connectionsCheckingInterval: 1_000,
  /** How long a connection is kept for the next request. */
  keepAliveTimeout: 65_000,
  /** How long a client may read nothing of its answer (service contract, "Edges"). */
  writeTimeout: 30_000,
};

export type Timeouts = typeof defaultTimeouts;

function isParserError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('HPE_') === true;
}

/** Creates the HTTP server: bounds on time and size, and an answer to what is not well-formed HTTP. */
export function createHttpServer(listener: RequestListener, timeouts: Partial<Timeouts> = {}): Server {
  const { listener: ordered, endAfterAnswers } = keepAnswersInOrder(listener);
  // A missing Host and a strange Expect would be answered by Node itself, in no error body: the one is refused by the
  // service, the other ignored (RFC 9110 sections 7.2 and 10.1.1).
  const { writeTimeout, ...ofNode } = { ...defaultTimeouts, ...timeouts };
  const server = createServer({ ...ofNode, requireHostHeader: false }, ordered);
  cutOffStalledReaders(server, writeTimeout);
  server.on('checkExpectation', ordered);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!isParserError(error)) endAfterAnswers(socket);
    else endAfterAnswers(socket, error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'malformed_request');
  });
  // A proxy's method (RFC 9110 section 9.3.6). Node takes the connection out of its own hands for it, errors included.
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    endAfterAnswers(socket, 'method_not_allowed', ['Allow: GET, HEAD, POST']);
  });
  return server;
}
