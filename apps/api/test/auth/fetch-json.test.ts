import { createServer, type RequestListener } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { expect, onTestFinished, test } from 'vitest';
import { fetchJson } from '../../src/auth/fetch-json.ts';

const mebibyte = 1024 * 1024;
const blanks = Buffer.alloc(2 * mebibyte, ' ');

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}/`;
}

test('fetchJson reads a response of 1 MiB', async () => {
  const text = 'x'.repeat(mebibyte - 2);
  const url = await serve((_request, response) => response.end(JSON.stringify(text)));
  expect(await fetchJson(url)).toBe(text);
});

const tooLarge = 'The response is larger than 1024 KiB.';

test.each<[string, string, Buffer]>([
  ['is larger than 1 MiB', 'identity', Buffer.from(JSON.stringify('x'.repeat(mebibyte - 1)))],
  ['is larger than 1 MiB after gzip', 'gzip', gzipSync(blanks)],
  ['is larger than 1 MiB after Brotli', 'br', brotliCompressSync(blanks)],
])('fetchJson rejects a response that %s', async (_what, encoding, body) => {
  const url = await serve((_request, response) =>
    response.setHeader('content-encoding', encoding).end(body),
  );
  await expect(fetchJson(url)).rejects.toThrow(tooLarge);
});

test('fetchJson closes the connection of a response that never ends', async () => {
  let closed: Promise<unknown> | undefined;
  const url = await serve(({ socket }, response) => {
    closed = new Promise((resolve) => socket.once('close', resolve));
    const send = () => {
      while (!response.destroyed && response.write(blanks));
    };
    response.on('drain', send);
    send();
  });
  await expect(fetchJson(url)).rejects.toThrow(tooLarge);
  await closed;
});

test.each<[string, RequestListener, string]>([
  [
    'is not JSON',
    (_request, response) => response.end('<html>secret'),
    'The response is not JSON.',
  ],
  ['is empty', (_request, response) => response.end(), 'The response is not JSON.'],
  [
    'has no content',
    (_request, response) => response.writeHead(204).end(),
    'The response is not JSON.',
  ],
  [
    'is an error',
    (_request, response) => response.writeHead(503).end('{}'),
    'The response has status 503.',
  ],
  [
    'redirects',
    (_request, response) =>
      response.writeHead(301, { location: 'https://other.example/jwks?token=secret' }).end(),
    'The response is a redirect (301) to https://other.example/jwks; set the final address instead.',
  ],
  [
    'redirects to an invalid address',
    (_request, response) => response.writeHead(302, { location: 'http://' }).end(),
    'The response is a redirect (302) to an invalid address; set the final address instead.',
  ],
])('fetchJson reports that a response %s, without quoting it', async (_what, listener, message) => {
  await expect(fetchJson(await serve(listener))).rejects.toThrow(new Error(message));
});
