import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorBody } from '@andamio/schema/errors';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';

/** A function that handles one request. */
export type Answering = (response: ServerResponse) => void;

/** Returns a handler that sends a fixed response. */
export const answering =
  (status: number, headers: Record<string, string>, body: unknown): Answering =>
  (response) =>
    void response
      .writeHead(status, headers)
      .end(typeof body === 'string' ? body : JSON.stringify(body));

/** The identity headers of {@link valid}, as the service encodes them. */
export const identity = {
  'x-api-key-user': 'ada%2F1',
  'x-api-key-name': 'My%20key',
  'x-api-key-tier': 'growth',
  'x-api-key-expires-at': '2099-08-31T23%3A59%3A59Z',
} as const;

export interface ValidInput {
  readonly userId?: string;
  readonly tier?: string;
  readonly expiresAt?: string;
  readonly cacheControl?: string;
  readonly headers?: Record<string, string>;
}

/** Returns a handler that responds as the service does for a valid key. */
export const valid = (input: ValidInput = {}) =>
  answering(
    200,
    {
      'Content-Type': 'application/json',
      'Cache-Control': input.cacheControl ?? 'private, max-age=10',
      'X-RateLimit-Limit': '500',
      'X-RateLimit-Remaining': '499',
      'X-RateLimit-Reset': `${Math.ceil(Date.now() / 1000) + 60}`,
      ...identity,
      ...input.headers,
    },
    {
      user_id: input.userId ?? 'ada',
      name: 'MyFirstKey',
      tier: input.tier ?? 'growth',
      created_at: '2025-08-31T23:59:59Z',
      expires_at: input.expiresAt ?? '2099-08-31T23:59:59Z',
    },
  );

type Code = Parameters<typeof errorBody>[0];

/** Returns a handler that responds with an error in the service's format. */
export const failing = (code: Code, headers: Record<string, string> = {}, details?: string) => {
  const body = errorBody(code, details);
  return answering(
    body.statusCode,
    { 'Content-Type': 'application/json', 'X-Error-Code': code, ...headers },
    body,
  );
};

/** Closes the connection without a response. */
export const breaking: Answering = (response) => void response.socket?.destroy();

/** Never responds. */
export const silent: Answering = () => {};

export interface VerifyServer {
  readonly url: string;
  /** The received requests, oldest first. */
  readonly received: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
  }[];
  /** Returns the number of connections opened so far. */
  connections(): number;
  /**
   * Sets one handler for each of the next requests. The last handler also handles all requests
   * after these.
   */
  next(...answers: readonly [Answering, ...Answering[]]): void;
  /** Stops listening and closes all connections. */
  stop(): Promise<void>;
}

/** Starts a fake of the service's `verify` operation. The server stops after the test file. */
export async function startVerifyServer(): Promise<VerifyServer> {
  let answers: Answering[] = [valid()];
  let connections = 0;
  const received: VerifyServer['received'] = [];
  const sockets = new Set<Socket>();
  const server = createServer(({ method = '', url: path = '', headers }, response) => {
    received.push({ method, path, headers });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response);
  });
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket.once('close', () => sockets.delete(socket)));
  });
  const port = await listenOnLoopback(server);
  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  endWithFile(stop);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    connections: () => connections,
    next: (...more) => {
      answers = [...more];
    },
    stop,
  };
}
