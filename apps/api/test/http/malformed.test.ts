import { connect } from 'node:net';
import { requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpServer } from '../../src/http/connections/server.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { sendRaw } from '../harness/raw-socket.ts';

const timeouts = { headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 50 };
const last = 'Connection: close\r\n\r\n';

describe('malformed HTTP', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ timeouts });
  });
  afterAll(() => app.close());

  const head = `POST ${requestPath} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${tokenFor('raw')}\r\n`;

  function expectRefusal(text: string, status: string, code: string, message: string) {
    const [top = '', body = ''] = text.split('\r\n\r\n');
    expect(top).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\n`));
    expect(top).toContain(`X-Error-Code: ${code}`);
    expect(top).toContain('Connection: close');
    expect(JSON.parse(body)).toEqual({
      details: expect.any(String),
      message,
      statusCode: Number.parseInt(status, 10),
    });
  }

  /** Like {@link expectRefusal}, for bytes that the service answers before it creates an id. */
  function expectRefusalWithoutId(...refusal: Parameters<typeof expectRefusal>) {
    expectRefusal(...refusal);
    expect(refusal[0]).not.toMatch(/^X-Request-Id:/im);
  }

  test.each<[string, string]>([
    ['words', 'hello there\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['another protocol', 'GET / SIP/2.0\r\n\r\n'],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
    ['a space in a header name', 'GET / HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n'],
    ['a space before the colon', `${head}Content-Length : 5\r\n\r\n`],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX: y\0z\r\n\r\n'],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['a Content-Length that is not a number', `${head}Content-Length: ten\r\n\r\n`],
    ['a negative Content-Length', `${head}Content-Length: -1\r\n\r\n`],
    ['a Content-Length with a sign', `${head}Content-Length: +5\r\n\r\n`],
    ['a Content-Length that overflows', `${head}Content-Length: ${'9'.repeat(30)}\r\n\r\n`],
    ['two Content-Lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`],
    [
      'both Content-Length and Transfer-Encoding',
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['an unknown transfer coding', `${head}Transfer-Encoding: xchunked\r\n\r\n`],
    [
      'chunked before another coding',
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    [
      'an endless chunk extension',
      `${head}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\n`,
    ],
    [
      'a chunk that exceeds its length',
      `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a chunk length that is not a number', `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ])('responds with 400 and closes the connection for %s', async (_what, bytes) => {
    const { text } = await sendRaw(app.port, bytes);
    expectRefusalWithoutId(
      text,
      '400 Bad Request',
      'malformed_request',
      'Bad Request: Invalid input.',
    );
  });

  test.each([
    ['no Host', ''],
    ['two Hosts', 'Host: x\r\nHost: y\r\n'],
  ])('responds with 400 to a request with %s (RFC 9112 section 3.2)', async (_what, hosts) => {
    const { text } = await sendRaw(app.port, `GET /health/live HTTP/1.1\r\n${hosts}${last}`);
    expectRefusal(text, '400 Bad Request', 'malformed_request', 'Bad Request: Invalid input.');
  });

  const targets = ['/health/live', '/api/v1/apikey/verify', 'http://x/health/live'];

  test.each([
    'a b',
    'a/b',
    'a b/c?d',
    'user@host',
    'x:80:80',
    'x:port',
    'x, y',
    'a%zz',
    '[::1',
    '[::g]',
    '[1.2.3.4]',
    '[fe80::1%25eth0]',
    '::1',
    'h\u00f6st',
    '"x"',
    '<x>',
  ])('responds with 400 to the invalid Host %j (RFC 3986 section 3.2.2)', async (host) => {
    for (const target of targets) {
      const { text } = await sendRaw(
        app.port,
        Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${last}`),
      );
      expectRefusal(text, '400 Bad Request', 'malformed_request', 'Bad Request: Invalid input.');
    }
  });

  test.each([
    '',
    'x',
    'x:',
    'x:65535',
    'xn--hst-sna.example',
    'a_b~c',
    'a%20b',
    '127.0.0.1:80',
    '[::1]',
    '[::ffff:1.2.3.4]:80',
    '[v1.a:b]',
  ])('accepts the Host %j', async (host) => {
    const { text } = await sendRaw(
      app.port,
      `GET /health/live HTTP/1.1\r\nHost: ${host}\r\n${last}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });

  // Express takes what follows the slashes for a host if it contains an @ and a #.
  test.each(['http://[/', '//a#@b', '//#@!', '//a@b#c'])(
    'responds with a JSON error to the target %j, which has no path',
    async (target) => {
      const { text } = await sendRaw(app.port, `GET ${target} HTTP/1.1\r\nHost: x\r\n${last}`);
      expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(text).toMatch(/\r\nX-Error-Code: (malformed_request|not_found)\r\n/);
      expect(text).toMatch(/\r\n\r\n\{"details":"[^"]+","message":"[^"]+","statusCode":40[04]\}$/);
      expect(text).toMatch(/\r\nX-Request-Id: /);
    },
  );

  test.each([
    [
      'an absolute URL as the target (RFC 9112 section 3.2.2)',
      'GET http://x/health/live HTTP/1.1\r\nHost: x\r\n',
    ],
    ['an unknown expectation', 'GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n'],
    ['an Upgrade header', 'GET /health/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'],
    ['HTTP/1.0', 'GET /health/live HTTP/1.0\r\n'],
  ])('accepts a request with %s', async (_what, request) => {
    const { text } = await sendRaw(app.port, `${request}${last}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('responds with 100 to Expect: 100-continue', async () => {
    const body = '{"api_key_name": "waited"}';
    const { text } = await sendRaw(
      app.port,
      `${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n${last}${body}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  test('responds with 405 to CONNECT', async () => {
    const { text } = await sendRaw(
      app.port,
      'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
    );
    const message = 'Method Not Allowed: This method is not supported here.';
    expectRefusalWithoutId(text, '405 Method Not Allowed', 'method_not_allowed', message);
    expect(text).toContain('\r\nAllow: GET, HEAD, POST\r\n');
  });

  test.each([
    ['because it is too large', head],
    ['because the token is missing', `POST ${requestPath} HTTP/1.1\r\nHost: x\r\n`],
  ])('does not treat a body that it left unread %s as the next request', async (_what, top) => {
    const smuggled = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000);
    const next = `GET /nothing HTTP/1.1\r\nHost: x\r\n${last}`;
    const { text } = await sendRaw(
      app.port,
      `${top}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}${next}`,
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([
      expect.stringMatching(/ 40[01]$/),
      'HTTP/1.1 404',
    ]);
  });

  test.each([
    ['headers', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`],
    ['many short headers', `GET / HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(3_000)}\r\n`],
    ['a path', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [
      'trailers',
      `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
    ],
  ])('responds with 431 to %s of more than 16 KiB', async (_what, bytes) => {
    const message = 'Request Header Fields Too Large: The headers exceed the accepted size.';
    expectRefusalWithoutId(
      (await sendRaw(app.port, bytes)).text,
      '431 Request Header Fields Too Large',
      'headers_too_large',
      message,
    );
  });

  test('accepts 15 KiB of headers', async () => {
    const { text } = await sendRaw(
      app.port,
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(15_000)}\r\n${last}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test.each([
    ['sends nothing', [], timeouts.headersTimeout],
    ['never completes its headers', [`GET / HTTP/1.1\r\nHost: x\r\n`], timeouts.headersTimeout],
    ['never completes its body', [`${head}Content-Length: 100\r\n\r\n{`], timeouts.requestTimeout],
    [
      'never sends the last chunk',
      [`${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`],
      timeouts.requestTimeout,
    ],
  ])(
    'closes the connection of a client that %s after the timeout',
    async (_what, chunks, timeout) => {
      const { text, duration } = await sendRaw(app.port, ...chunks);
      expect(text).not.toContain('200 OK');
      expect(duration).toBeGreaterThanOrEqual(timeout - 100);
      expect(duration).toBeLessThan(timeout + 2_000);
    },
  );

  test('does not extend the timeout of a client that sends headers slowly', async () => {
    const startedAt = performance.now();
    const socket = connect(app.port, '127.0.0.1').on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('X: y\r\n'), 20);
    await new Promise((resolve) => socket.resume().on('close', resolve));
    clearInterval(drip);
    expect(performance.now() - startedAt).toBeLessThan(timeouts.headersTimeout + 2_000);
  });

  test('limits headers to 15 s and the whole request to 30 s', async () => {
    const server = createHttpServer(
      () => {},
      () => {},
    );
    expect(server.headersTimeout).toBe(15_000);
    expect(server.requestTimeout).toBe(30_000);
    server.close();
  });

  test('serves other clients while connections are stuck, and afterwards', async () => {
    const stuck = Array.from({ length: 50 }, () =>
      sendRaw(app.port, `${head}Content-Length: 100\r\n\r\n{`),
    );
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    await Promise.all(stuck);
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
  });
});
