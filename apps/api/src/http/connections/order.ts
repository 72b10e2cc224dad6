import {
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';

/**
 * Time, in milliseconds, that a client has to close a connection after the service has ended it.
 * The service then destroys the connection.
 */
const lingering = 5_000;

/**
 * Number of waiting requests at which the service stops reading a connection, until fewer wait.
 * Node reads up to 64 KiB at once and parses them as a whole, so the rest of them can wait too.
 */
const maximumWaiting = 100;

/** A request of a connection, and its response, which may not have started yet. */
interface PipelinedExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The state of one connection. */
interface Connection {
  /** The unfinished exchanges, in the order of their requests. */
  readonly open: Set<PipelinedExchange>;
  /** The open exchanges that are not handled yet. */
  readonly waiting: PipelinedExchange[];
  /** The latest exchange. */
  last?: PipelinedExchange;
  /**
   * Whether the connection closes once the open exchanges have finished. Later requests are
   * ignored.
   */
  closing: boolean;
  /** Whether the service does not read the connection. */
  isHeld: boolean;
  /** Called when an exchange finishes. */
  onAnswered?: () => void;
}

/**
 * Returns the response to bytes that are not a valid request. Its body has the format of errors
 * (contract, part C). It has no request id, because the log line about such bytes has none either.
 */
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

/** Ends a connection, after sending a last answer if one is given. */
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

/** Stops reading a connection. */
function hold(connection: Connection, socket: Duplex): void {
  connection.isHeld = true;
  socket.pause();
}

/** Reads a held connection again. */
function release(connection: Connection, socket: Duplex): void {
  if (!connection.isHeld) return;
  connection.isHeld = false;
  socket.resume();
}

/**
 * Reports whether a request offers to upgrade the protocol. The parser (llhttp) pauses after such a
 * request and drops the rest of the packet. The answer to the request must therefore be the last
 * one on the connection.
 */
function offersUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
}

export interface AnswerOrder {
  /**
   * Handles the requests of a connection one at a time. A packet can contain a thousand small
   * requests. Handling all of them at once would delay other connections, and would keep their
   * answers in memory until the client reads them. While {@link maximumWaiting} requests wait, the
   * connection is not read. An offer to upgrade the protocol is ignored (RFC 9110 section 7.8), and
   * the connection closes after that request.
   */
  readonly listener: RequestListener;
  /**
   * Ends a connection once its open exchanges have finished. Only the first call for a connection
   * has an effect.
   *
   * @param code the code of an error that is sent as the last answer. If undefined, no further
   *   answer is sent.
   * @param headers additional header lines of the last answer.
   * @returns whether this is the first call for the connection.
   */
  endAfterAnswers(socket: Duplex, code?: ErrorCode, headers?: readonly string[]): boolean;
}

/** Wraps a listener so that the answers on a connection are sent in the order of the requests. */
export function keepAnswersInOrder(listener: RequestListener): AnswerOrder {
  const connections = new WeakMap<Duplex, Connection>();

  function connectionOf(socket: Duplex): Connection {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { open: new Set(), waiting: [], closing: false, isHeld: false };
    connections.set(socket, connection);
    // Node resumes the socket after each message, and when the client has read an answer.
    socket.on('resume', () => connection.isHeld && socket.pause());
    return connection;
  }

  /** Handles the next request of a connection, unless the client has disconnected. */
  function handleNext(connection: Connection): void {
    const { waiting } = connection;
    const next = waiting.shift();
    if (next === undefined) return;
    const { socket } = next.request;
    if (socket.destroyed) {
      waiting.length = 0;
      return;
    }
    if (waiting.length < maximumWaiting && !connection.closing) release(connection, socket);
    listener(next.request, next.response);
  }

  return {
    listener(request, response) {
      const { socket } = request;
      const connection = connectionOf(socket);
      if (connection.closing) return hold(connection, socket);
      const exchange = { request, response };
      const { open, waiting } = connection;
      const isFirst = open.size === 0;
      open.add(exchange);
      connection.last = exchange;
      response.once('close', () => {
        open.delete(exchange);
        connection.onAnswered?.();
        // Lets other connections take their turn first.
        if (waiting.length > 0) setImmediate(handleNext, connection);
      });
      if (offersUpgrade(request)) {
        connection.closing = true;
        response.setHeader('Connection', 'close');
      }
      if (isFirst) listener(request, response);
      else if (waiting.push(exchange) >= maximumWaiting) hold(connection, socket);
    },

    endAfterAnswers(socket, code, headers = []) {
      const connection = connectionOf(socket);
      const { open, waiting, last } = connection;
      if (connection.onAnswered !== undefined) return false;
      const isSilent = code === undefined || connection.closing;
      connection.closing = true;
      // A request whose body is malformed. Its handler may have responded before the end of the
      // body.
      const broken = last?.request.complete === false ? last : undefined;
      // The malformed request is never handled.
      if (broken !== undefined && waiting.at(-1) === broken) waiting.pop();
      connection.onAnswered = () => {
        const isAnswered = broken?.response.headersSent === true;
        if ([...open].some((exchange) => exchange !== broken || isAnswered)) return;
        release(connection, socket); // A client may read the last answer only after it has sent all.
        end(socket, isSilent || isAnswered ? undefined : refusal(code, headers));
      };
      connection.onAnswered();
      return true;
    },
  };
}
