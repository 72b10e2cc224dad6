import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { pagePolicy } from '../../page-policy.ts';
import { UsageError } from '../command.ts';
import { isFromPage } from './origin-check.ts';
import { readPageFiles } from './page-files.ts';
import { createSessions } from './sessions.ts';

/** The response to a request from the operators' page. */
export interface PageAnswer {
  readonly status: number;
  readonly json: unknown;
}

export interface PageServerOptions {
  /** The folder with the files of the page. */
  readonly folder: string;
  /** The port to listen on. 0 selects a free one. */
  readonly port: number;
  /** Time, in milliseconds, without a request of the open session after which the server stops. */
  readonly idleTime: number;
  /** The data that the page shows about this run of `admin.js serve` and about the commands. */
  readonly about: unknown;
  /** Executes a command with the body of a request. Never rejects. */
  readonly execute: (command: string, body: unknown) => Promise<PageAnswer>;
}

export interface PageServer {
  /** The address that opens the page. It contains a token, and works in one browser only. */
  readonly address: string;
  readonly port: number;
  /** Resolves when no request has arrived for the time in `idleTime`. */
  readonly idle: Promise<void>;
  /** Stops accepting requests, and resolves once all pending commands have completed. */
  close(): Promise<void>;
}

/** Maximum length of a request body in characters. */
const maximumBody = 16_384;

/**
 * The headers of every response. The last three headers prevent pages of other origins from framing
 * the page, loading its files or keeping a reference to its window.
 */
const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': pagePolicy(),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array) {
  response.writeHead(status, {
    ...headers,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

const sendJson = (response: ServerResponse, { status, json }: PageAnswer) =>
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(json));

const refuse = (response: ServerResponse, status: number, error: string) =>
  sendJson(response, { status, json: { error } });

/** Reads a JSON body. Returns undefined if it is too long or not JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maximumBody) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const bearer = ({ headers: { authorization = '' } }: IncomingMessage) =>
  /^Bearer ([0-9a-f]+)$/.exec(authorization)?.[1] ?? '';

/** Creates a timer that expires when no work has been done for the given number of milliseconds. */
function createIdleTimer(milliseconds: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer = setTimeout(resolve, milliseconds);
  let pending = 0;
  let isCanceled = false;
  return {
    expired: promise,
    async during(work: () => Promise<void>) {
      clearTimeout(timer);
      pending++;
      try {
        await work();
      } finally {
        pending--;
        if (pending === 0 && !isCanceled) timer = setTimeout(resolve, milliseconds);
      }
    },
    cancel() {
      isCanceled = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Starts the server of the operators' page. It listens only on 127.0.0.1, which other machines
 * cannot reach.
 *
 * Everything except the files of the page requires a token. The token is sent in a header and not
 * in a cookie. Browsers also send cookies to servers on other ports of the same host (RFC 6265
 * section 8.5), which may belong to other users of the machine.
 *
 * @throws {@link UsageError} if the port is in use
 */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const files = await readPageFiles(options.folder);
  const sessions = createSessions();
  const idle = createIdleTimer(options.idleTime);
  let port = options.port;
  let isClosing = false;
  /** The commands that have not completed, or whose responses have not been sent. */
  const pending = new Set<Promise<void>>();

  async function execute(command: string, body: unknown, response: ServerResponse): Promise<void> {
    sendJson(response, await options.execute(command, body));
    await finished(response);
  }

  async function answerCommand(
    command: string,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    const body = await readJson(request);
    if (isClosing) {
      refuse(response, 503, 'The page has ended.');
      return;
    }
    const execution = execute(command, body, response);
    pending.add(execution);
    await execution.finally(() => pending.delete(execution));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    if (!isFromPage(request, port)) {
      refuse(response, 403, 'Enter the address that admin.js serve printed in the address bar.');
      return;
    }
    const file = method === 'GET' || method === 'HEAD' ? files.get(path) : undefined;
    if (file !== undefined) {
      send(response, 200, file.type, file.content);
      return;
    }
    if (method === 'POST' && path === '/session') {
      const { token } = ((await readJson(request)) ?? {}) as { readonly token?: unknown };
      const session = typeof token === 'string' ? sessions.open(token) : undefined;
      if (session === undefined) refuse(response, 401, 'The address was used before, or is wrong.');
      else sendJson(response, { status: 200, json: { session } });
      return;
    }
    if (!sessions.isOpen(bearer(request))) {
      refuse(response, 401, 'The session has ended.');
      return;
    }
    await idle.during(async () => {
      const command = /^\/commands\/([a-z-]+)$/.exec(path)?.[1];
      if (method === 'GET' && path === '/about')
        sendJson(response, { status: 200, json: options.about });
      else if (method === 'POST' && command !== undefined)
        await answerCommand(command, request, response);
      else refuse(response, 404, 'There is no such path.');
    });
  }

  const server = createServer((request, response) => {
    // `answer` rejects only if the browser ends the connection early.
    answer(request, response).catch(() => response.destroy());
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen({ host: '127.0.0.1', port }, resolve);
  try {
    await listening;
  } catch (error) {
    idle.cancel();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new UsageError('--port is already in use.');
  }
  ({ port } = server.address() as AddressInfo);
  return {
    address: `http://127.0.0.1:${port}/#${sessions.addressToken}`,
    port,
    idle: idle.expired,
    async close() {
      idle.cancel();
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.allSettled(pending);
      // Browsers keep idle connections open, and open some in advance. Every user of the machine can
      // send requests that never end.
      server.closeAllConnections();
      await closed;
    },
  };
}
