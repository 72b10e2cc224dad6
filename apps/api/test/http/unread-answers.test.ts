import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getOpenApiDocument } from '@andamio/schema/operations';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';

const writeTimeout = 600;

async function start() {
  const app = await startApp({ timeouts: { writeTimeout, keepAliveTimeout: 60_000 } });
  onTestFinished(() => app.close());
  return app;
}

const request = `GET ${getOpenApiDocument.path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Sends pipelined requests without reading the responses, which exceed the socket buffers. */
function askWithoutReading(port: number): Socket {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => {});
  socket.write(request.repeat(1_000));
  onTestFinished(() => void socket.destroy());
  return socket;
}

const openConnections = (server: Server) =>
  new Promise<number>((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

test('closes the connection of a client that reads no response', async () => {
  const { port, server } = await start();
  for (let client = 0; client < 3; client++) askWithoutReading(port);
  await waitFor('the connections', async () => (await openConnections(server)) === 3);
  const startedAt = performance.now();
  await waitFor('the connections to be closed', async () => (await openConnections(server)) === 0);
  expect(performance.now() - startedAt).toBeGreaterThan(writeTimeout * 0.8);
});

test('stops handling pipelined requests while the client does not read the responses', async () => {
  const { port, url } = await start();
  const limit = 1_000_000; // IP_RATE_LIMIT_PER_MINUTE of the test app.
  let ownRequests = 0;
  /**
   * Returns the number of requests that the service has handled, except for the requests sent by
   * this function.
   */
  const handled = async () => {
    const { headers } = await fetch(`${url}/api/v1/none`);
    return limit - Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]) - ++ownRequests;
  };
  askWithoutReading(port);
  await waitFor('the first request to be handled', async () => (await handled()) > 0);
  let before = 0;
  await waitFor('the connection to stall', async () => {
    const now = await handled();
    const isSame = now === before;
    before = now;
    return isSame;
  });
  expect(before).toBeLessThan(500);
});

test('keeps the connection of a client that reads slowly', async () => {
  const { port } = await start();
  const socket = askWithoutReading(port);
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  const read = () => (socket.read() as Buffer | null)?.length ?? 0;
  await waitFor('the first response', () => read() > 0);
  const startedAt = performance.now();
  // Reads for several times the write timeout.
  while (performance.now() - startedAt < writeTimeout * 4) {
    await waitFor('more', () => closed || read() > 0);
    await delay(writeTimeout / 6);
  }
  expect(closed).toBe(false);
});

test('does not apply the write timeout to a request that takes long to handle', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const app = await startApp({
    timeouts: { writeTimeout: 60 },
    store: { ...store, check: () => delay(300) },
  });
  onTestFinished(() => app.close());
  expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
});
