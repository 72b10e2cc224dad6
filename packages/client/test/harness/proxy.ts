import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { startProcess } from '@andamio/testing/service-process';

/** A request received by the proxy. */
interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Forward = (
  received: Received,
) => Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>;

/** A fault that the proxy causes instead of forwarding a request normally. */
export type Fault = (
  response: ServerResponse,
  received: Received,
  forward: Forward,
) => void | Promise<void>;

/** Returns a fault that responds with the given status, headers and body. */
export const answering =
  (status: number, headers: Record<string, string> = {}, body = ''): Fault =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** Returns a fault that responds with an error in the service's format. */
export const failing = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
  details = 'why',
): Fault =>
  answering(
    status,
    { 'content-type': 'application/json', 'x-error-code': code, 'x-request-id': 'r-1', ...headers },
    JSON.stringify({ details, message: 'Message of the status.', statusCode: status }),
  );

/** Closes the connection without forwarding the request or responding. */
export const breaking: Fault = (response) => void response.socket?.destroy();

/** Forwards the request, then closes the connection without responding. */
export const losingTheAnswer: Fault = async (response, received, forward) => {
  await forward(received);
  response.socket?.destroy();
};

/** Forwards the request, then closes the connection in the middle of the response. */
export const cuttingTheAnswer: Fault = async (response, received, forward) => {
  const { status, headers, body } = await forward(received);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, -10), () => response.socket?.destroy());
};

/** Never responds, and does not forward the request. */
export const silent: Fault = () => {};

/** Returns a fault that writes the given bytes as the response. The bytes may be invalid HTTP. */
export const writing =
  (bytes: string): Fault =>
  (response) =>
    void response.socket?.end(bytes);

/** A proxy in front of the service. The proxy can cause faults. */
export interface Proxy {
  readonly url: string;
  /** The received requests, oldest first. */
  readonly received: readonly Received[];
  /**
   * Sets the faults for the next requests, one fault per request. Discards faults that were set
   * earlier. All later requests are forwarded.
   */
  next(...faults: readonly Fault[]): void;
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function forwardTo(url: string): Forward {
  return ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      // The body is read as text, so the service must not compress it.
      const own = { host: new URL(url).host, 'accept-encoding': 'identity' };
      const outgoing = request(url + path, { method, headers: { ...headers, ...own } });
      outgoing.on('error', reject);
      outgoing.on('response', async (incoming) => {
        const { statusCode, headers: answered } = incoming;
        resolve({ status: statusCode as number, headers: answered, body: await textOf(incoming) });
      });
      outgoing.end(body);
    });
}

/** Starts a proxy in front of `serviceUrl`. The proxy stops when the test file ends. */
export async function startProxy(serviceUrl: string): Promise<Proxy> {
  const faults: Fault[] = [];
  const received: Received[] = [];
  const forward = forwardTo(serviceUrl);
  const handOn: Fault = async (response, current) => {
    const { status, headers, body } = await forward(current);
    response.writeHead(status, headers).end(body);
  };
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const current = { method, path: url, headers, body: await textOf(incoming) };
    received.push(current);
    await (faults.shift() ?? handOn)(response, current, forward);
  });
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    next: (...more) => void faults.splice(0, faults.length, ...more),
  };
}

/**
 * Starts the built service with an empty store and returns its URL. The service stops when the test
 * file ends.
 */
export async function startService(): Promise<string> {
  const service = await startProcess({
    SQLITE_PATH: ':memory:',
    KEY_REPORTS: 'on',
    DEVICE_LOGIN: 'on',
  });
  endWithFile(() => service.stop());
  return service.url;
}
