import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '@andamio/schema/errors';
import { keepAnswersInOrder } from './order.ts';
import { cutOffStalledReaders } from './write-timeout.ts';

/** Timeouts in milliseconds. */
const defaultTimeouts = {
  /** Time limits for receiving the headers and the whole request (contract, "Requests"). */
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  /** Interval at which Node checks `headersTimeout` and `requestTimeout`. */
  connectionsCheckingInterval: 1_000,
  /** Time after which an idle connection is closed. */
  keepAliveTimeout: 65_000,
  /**
   * Time after which a client that reads nothing of its response is disconnected (contract,
   * "Requests").
   */
  writeTimeout: 30_000,
};

export type Timeouts = typeof defaultTimeouts;

function isParserError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('HPE_') === true;
}

/**
 * Creates the HTTP server. The server limits the duration and size of requests. It answers
 * malformed requests with an error body.
 *
 * @param listener handles the requests that Node's parser accepts
 * @param onRefused called for the first request of a connection that the parser refuses, with the
 *   address of the connection. The listener never sees such a request, so it would otherwise leave
 *   no log line.
 */
export function createHttpServer(
  listener: RequestListener,
  onRefused: (code: ErrorCode, address: string) => void,
  timeouts: Partial<Timeouts> = {},
): Server {
  const { listener: ordered, endAfterAnswers } = keepAnswersInOrder(listener);
  // Node would answer a missing Host and an unknown Expect itself, without an error body. The
  // service refuses the former and ignores the latter (RFC 9110 sections 7.2 and 10.1.1).
  const { writeTimeout, ...ofNode } = { ...defaultTimeouts, ...timeouts };
  const server = createServer({ ...ofNode, requireHostHeader: false }, ordered);
  cutOffStalledReaders(server, writeTimeout);
  server.on('checkExpectation', ordered);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!isParserError(error)) return void endAfterAnswers(socket);
    const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const code = isTooLarge ? 'headers_too_large' : 'malformed_request';
    const { remoteAddress = '' } = socket as Socket;
    if (endAfterAnswers(socket, code)) onRefused(code, remoteAddress);
  });
  // CONNECT is for proxies (RFC 9110 section 9.3.6). Node leaves the connection and its errors to
  // the listener.
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    endAfterAnswers(socket, 'method_not_allowed', ['Allow: GET, HEAD, POST']);
  });
  return server;
}
