import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';

/**
 * Milliseconds for a client to close a connection that the service has ended, before the service
 * cuts it off.
 */
const lingering = 5_000;

/** A request and its response, which may not have started yet. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The state of one connection. */
interface Connection {
  /** Exchanges that are not finished, in the order of their requests. */
  readonly open: Set<Exchange>;
  /** Those of them that are not handled yet. */
  readonly waiting: Exchange[];
  /** The latest exchange. */
  last?: Exchange;
  /** Whether the connection closes after the open exchanges. Further requests are not handled. */
  closing: boolean;
  /** Runs when an exchange finishes. */
  onAnswered?: () => void;
}

/** Returns the refusal of bytes that are not a request, with the error body (contract, part C). */
function refusal(code: ErrorCode, headers: readonly string[]): string {
  const body = errorBody(code);
  const content = JSON.stringify(body);
  return [
    `HTTP/1.1 ${body.statusCode} ${STATUS_CODES[body.statusCode]}`,
    'Connection: close',
    ...headers,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(content)}`,
    'Cache-Control: no-store',
    `${errorCodeHeader}: ${code}`,
    '',
    content,
  ].join('\r\n');
}

/** Ends a connection, after a last answer if there is one. */
function end(socket: Duplex, lastAnswer: string | undefined): void {
  if (socket.writableEnded) return; // The previous answer announced that it is the last one.
  if (lastAnswer === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(lastAnswer);
  const cutOff = setTimeout(() => socket.destroy(), lingering).unref();
  socket.once('close', () => clearTimeout(cutOff));
}

/**
 * Reports whether a request offers to change the protocol. The parser drops what follows such a
 * request in the same packet (llhttp pauses for the new protocol), so its answer must be the last.
 */
function offersUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
}

/** Answers in the order of the requests on a connection, refusals of malformed ones included. */
export interface AnswerOrder {
  /**
   * Handles the requests of a connection one after the other. A packet holds a thousand small
   * requests: handled at once, they would hold up all other connections, and their answers would be
   * in memory until the client reads them. An offer to change the protocol is ignored (RFC 9110
   * section 7.8), and the connection closes after it.
   */
  readonly listener: RequestListener;
  /**
   * Ends a connection after its open exchanges. Only the first call for a connection has an effect.
   *
   * @param code the code of a last answer. Undefined to close the connection without one.
   * @param headers header lines beside those of every refusal.
   */
  endAfterAnswers(socket: Duplex, code?: ErrorCode, headers?: readonly string[]): void;
}

/** Wraps a listener so that the answers on a connection keep their order. */
export function keepAnswersInOrder(listener: RequestListener): AnswerOrder {
  const connections = new WeakMap<Duplex, Connection>();

  function connectionOf(socket: Duplex): Connection {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { open: new Set(), waiting: [], closing: false };
    connections.set(socket, connection);
    return connection;
  }

  /** Handles the next request of a connection, unless the client is gone. */
  function handleNext({ waiting }: Connection): void {
    const next = waiting.shift();
    if (next === undefined) return;
    if (next.request.socket.destroyed) waiting.length = 0;
    else listener(next.request, next.response);
  }

  return {
    listener(request, response) {
      const connection = connectionOf(request.socket);
      if (connection.closing) return;
      const exchange = { request, response };
      const { open, waiting } = connection;
      const isFirst = open.size === 0;
      open.add(exchange);
      connection.last = exchange;
      response.once('close', () => {
        open.delete(exchange);
        connection.onAnswered?.();
        // Other connections have their turn first.
        if (waiting.length > 0) setImmediate(handleNext, connection);
      });
      if (offersUpgrade(request)) {
        connection.closing = true;
        response.setHeader('Connection', 'close');
      }
      if (isFirst) listener(request, response);
      else waiting.push(exchange);
    },

    endAfterAnswers(socket, code, headers = []) {
      const connection = connectionOf(socket);
      const { open, waiting, last } = connection;
      if (connection.onAnswered !== undefined) return;
      const isSilent = code === undefined || connection.closing;
      connection.closing = true;
      // A request whose body is malformed. Its handler may have answered before the end of the
      // body.
      const broken = last?.request.complete === false ? last : undefined;
      if (broken !== undefined && waiting.at(-1) === broken) waiting.pop(); // Never to be handled.
      connection.onAnswered = () => {
        const isAnswered = broken?.response.headersSent === true;
        if ([...open].some((exchange) => exchange !== broken || isAnswered)) return;
        end(socket, isSilent || isAnswered ? undefined : refusal(code, headers));
      };
      connection.onAnswered();
    },
  };
}
