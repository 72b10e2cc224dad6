import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpServer } from '../../src/http/server.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { talk } from '../harness/raw-socket.ts';
import { requestPath } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

const timeouts = { headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 50 };

describe('what is not well-formed HTTP', () => {
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
    expect(JSON.parse(body)).toEqual({ details: expect.any(String), message, statusCode: Number.parseInt(status, 10) });
  }

  test.each<[string, string]>([
    ['words', 'hello there\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['another protocol', 'GET / SIP/2.0\r\n\r\n'],
    ['a method that is none', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
    ['a space in a header name', 'GET / HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n'],
    ['a length that is no number', `${head}Content-Length: ten\r\n\r\n`],
    ['two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`],
    [
      'a length beside chunks, which proxies read differently',
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a chunk whose length is no number', `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ])('%s is 400 in the error body, then the connection closes', async (_what, bytes) => {
    const { text } = await talk(app.port, bytes);
    expectRefusal(text, '400 Bad Request', 'malformed_request', 'Bad Request: Invalid input.');
  });

  test('a request without a host is 400', async () => {
    const { text } = await talk(app.port, 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain('X-Error-Code: malformed_request');
  });

  test('an expectation that nobody knows is ignored', async () => {
    const { text } = await talk(
      app.port,
      'GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('headers of more than 16 KiB are 431', async () => {
    const { text } = await talk(app.port, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`);
    const message = 'Request Header Fields Too Large: The headers exceed the accepted size.';
    expectRefusal(text, '431 Request Header Fields Too Large', 'headers_too_large', message);
  });

  test.each([
    ['headers that never end', [`GET / HTTP/1.1\r\nHost: x\r\n`], timeouts.headersTimeout],
    ['a body that never ends', [`${head}Content-Length: 100\r\n\r\n{`], timeouts.requestTimeout],
    ['chunks that never end', [`${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`], timeouts.requestTimeout],
  ])('%s: the connection is closed when the time is up', async (_what, chunks, timeout) => {
    const { text, lasted } = await talk(app.port, ...chunks);
    expect(text).not.toContain('200 OK');
    expect(lasted).toBeGreaterThanOrEqual(timeout - 100);
    expect(lasted).toBeLessThan(timeout + 2_000);
  });

  test('the time for headers is 15 s and for the whole request 30 s', async () => {
    const server = createHttpServer(() => {});
    expect(server.headersTimeout).toBe(15_000);
    expect(server.requestTimeout).toBe(30_000);
    server.close();
  });

  test('the service answers others meanwhile and afterwards', async () => {
    const stuck = Array.from({ length: 50 }, () => talk(app.port, `${head}Content-Length: 100\r\n\r\n{`));
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    await Promise.all(stuck);
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
  });
});
