import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithFile } from '../../../../apps/api/test/harness/end-with-file.ts';
import { startProcess } from '../../../../apps/api/test/harness/process.ts';

/** A request as it reached the proxy. */
interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Forward = (received: Received) => Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>;

/** What a proxy does with a request in place of handing it on. */
export type Fault = (response: ServerResponse, received: Received, forward: Forward) => void | Promise<void>;

/** Answers by itself. */
export const answering =
  (status: number, headers: Record<string, string> = {}, body = ''): Fault =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** Answers with an error as the service writes it. */
export const failing = (status: number, code: string, headers: Record<string, string> = {}, details = 'why'): Fault =>
  answering(
    status,
    { 'content-type': 'application/json', 'x-error-code': code, 'x-request-id': 'r-1', ...headers },
    JSON.stringify({ details, message: 'What the status says.', statusCode: status }),
  );

/** Closes the connection without an answer; the service never hears of the request. */
export const breaking: Fault = (response) => void response.socket?.destroy();

/** Lets the service process the request and closes the connection in place of the answer. */
export const losingTheAnswer: Fault = async (response, received, forward) => {
  await forward(received);
  response.socket?.destroy();
};

/** Closes the connection in the middle of the service's answer. */
export const cuttingTheAnswer: Fault = async (response, received, forward) => {
  const { status, headers, body } = await forward(received);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, -10), () => response.socket?.destroy());
};

/** Never answers. */
export const silent: Fault = () => {};

/** Writes these bytes in place of an answer, whether they are HTTP or not. */
export const writing =
  (bytes: string): Fault =>
  (response) =>
    void response.socket?.end(bytes);

/** A proxy in front of the service. */
export interface Proxy {
  readonly url: string;
  /** The requests that came, oldest first. */
  readonly received: readonly Received[];
  /** Says what is done with the next requests, one each; those after them are handed on. What was said before is forgotten. */
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
      // What is read here as text must not come compressed.
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

/** Starts a proxy in front of `serviceUrl`; it ends with the test file. */
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    next: (...more) => void faults.splice(0, faults.length, ...more),
  };
}

/** Starts the built service with nothing stored, and gives its URL; it ends with the test file. */
export async function startService(): Promise<string> {
  const service = await startProcess({ SQLITE_PATH: ':memory:' });
  endWithFile(async () => {
    service.signal('SIGTERM');
    await service.exited;
  });
  return service.url;
}
