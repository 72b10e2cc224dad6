import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { expect, onTestFinished, test } from 'vitest';
import { drainable } from '../../src/http/connections/drain.ts';

test('drain stops accepting within a short grace while connections keep arriving', async () => {
  const server = createServer();
  const drain = drainable(server);
  const port = await listenOnLoopback(server);

  const sockets: Socket[] = [];
  const coming = setInterval(
    () => sockets.push(connect(port, '127.0.0.1').on('error', () => {})),
    20,
  );
  onTestFinished(() => {
    clearInterval(coming);
    for (const socket of sockets) socket.destroy();
  });

  const grace = 800;
  const startedAt = performance.now();
  const drained = drain(grace);
  await expect.poll(() => server.listening, { interval: 10, timeout: 10_000 }).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(grace);
  await drained;
});

test('drain accepts and answers pending connections while the event loop is busy', async () => {
  const server = createServer((_request, response) => void response.end());
  const drain = drainable(server);
  const port = await listenOnLoopback(server);
  const busy = setInterval(() => {
    const until = performance.now() + 120;
    while (performance.now() < until);
  });
  onTestFinished(() => clearInterval(busy));

  const statuses = Array.from({ length: 4 }, async () => {
    const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
      IncomingMessage,
    ];
    return response.resume().statusCode;
  });
  const drained = drain(8_000);
  expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200]);
  clearInterval(busy);
  await drained;
});

test('drain answers a request that arrives while the event loop is blocked', async () => {
  const server = createServer((_request, response) => void response.end());
  const drain = drainable(server);
  const port = await listenOnLoopback(server);
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  socket.write(request);
  await once(socket, 'data');

  const drained = drain(8_000);
  await expect.poll(() => server.listening, { interval: 10, timeout: 10_000 }).toBe(false);
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  setImmediate(() => {
    socket.write(request);
    const until = performance.now() + 1_200;
    while (performance.now() < until);
  });
  await drained;
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test('drain answers all pipelined requests that have arrived', async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let arrived = 0;
  const server = createServer(async (request, response) => {
    arrived++;
    await opened;
    response.end(request.url);
  });
  const drain = drainable(server);
  const port = await listenOnLoopback(server);
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let answers = '';
  socket.on('data', (data) => {
    answers += data;
  });
  for (const path of ['/1', '/2', '/3']) socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await expect.poll(() => arrived).toBe(3);

  const drained = drain(8_000);
  await expect.poll(() => server.listening, { interval: 10, timeout: 10_000 }).toBe(false);
  open();
  await drained;
  const bodies = [...answers.matchAll(/\r\n\r\n(\/\d)/g)].map(([, body]) => body);
  expect(bodies).toEqual(['/1', '/2', '/3']);
  expect(answers.match(/^Connection: close$/gm)).toHaveLength(1);
});
