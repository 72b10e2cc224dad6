import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isKey, makeKey } from '@andamio/schema/key-format';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { endWithFile } from '../../../apps/api/test/harness/end-with-file.ts';
import { withEnvoyBody } from '../scripts/error-bodies.ts';
import { startEnvoy } from './harness/envoy.ts';
import { expectRefusal } from './harness/expect-refusal.ts';
import { makeCertificate, publishedHost } from './harness/nginx.ts';
import { startTlsFront, type TlsFront } from './harness/tls-front.ts';
import { answering, breaking, failing, startVerifyServer, type VerifyServer, valid } from './harness/verify-server.ts';

const guardSecret = 'x'.repeat(32);

describe.skipIf(!inject('available').includes('envoy'))('envoy/envoy.yaml, by a real Envoy', () => {
  const certificate = makeCertificate();
  let service: VerifyServer;
  let front: TlsFront;
  let applicationPort: number;
  let envoy: string;

  beforeAll(async () => {
    service = await startVerifyServer();
    front = await startTlsFront(() => service.url, certificate);
    applicationPort = await startApp();
    const certificateFile = certificate.file;
    envoy = await startEnvoy({ servicePort: front.port, certificateFile, guardSecret, applicationPort });
  });
  beforeEach(() => {
    front.received.length = 0;
    service.next(valid());
  });

  /** Starts an application that echoes requests, with the status named in the path. */
  async function startApp(): Promise<number> {
    const server = createServer(async (incoming, response) => {
      let body = '';
      for await (const chunk of incoming) body += chunk;
      const status = Number(/\/status\/(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ app: incoming.method, path: incoming.url, body }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endWithFile(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  async function ask(path: string, init: RequestInit = { headers: { 'X-API-Key': makeKey() } }) {
    const response = await fetch(`${envoy}${path}`, { redirect: 'manual', ...init });
    return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
  }

  test('forwards a request with a valid key, including its body', async () => {
    const init = { method: 'POST', headers: { 'X-API-Key': makeKey() }, body: 'the body' };
    expect(await ask('/orders?page=2', init)).toMatchObject({
      status: 200,
      body: { app: 'POST', path: '/orders?page=2', body: 'the body' },
    });
  });

  test('sends two keys of a request as one value, which is not a valid key', async () => {
    const headers = { 'X-API-Key': [makeKey(), makeKey()] };
    await new Promise((resolve, reject) => {
      request(envoy, { headers }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    const [asked] = front.received;
    expect(front.received).toHaveLength(1);
    expect(isKey(asked?.headers['x-api-key'] as string)).toBe(false);
  });

  test("sends the service the key, Envoy's own secret and no other secret", async () => {
    const key = makeKey();
    const headers = { 'X-API-Key': key, cookie: 'session=1', authorization: 'Bearer token', 'x-guard-secret': 'one' };
    await ask('/orders', { method: 'POST', headers, body: 'the body' });
    expect(front.received).toEqual([
      {
        method: 'POST',
        path: '/api/v1/apikey/verify',
        headers: {
          host: publishedHost,
          'content-length': '0',
          'x-api-key': key,
          'x-guard-secret': guardSecret,
          'x-forwarded-proto': 'http',
          'x-request-id': expect.any(String),
        },
        body: '',
      },
    ]);
  });

  test('reuses its connection to the service', async () => {
    await ask('/');
    const before = front.connections();
    for (let sent = 0; sent < 10; sent++) await ask('/');
    expect(front.connections()).toBe(before);
  });

  test.each([
    ['no key', {}],
    ['an invalid key', { headers: { 'X-API-Key': makeKey() } }],
  ])('answers %s with 401', async (_what, init) => {
    service.next(failing('invalid_key', { 'WWW-Authenticate': 'ApiKey realm="andamio-api"' }));
    const answer = await ask('/', init);
    expectRefusal(answer, 'invalid_key');
    expect(answer.headers.get('www-authenticate')).toBe('ApiKey realm="andamio-api"');
  });

  test.each(['rate_limited', 'quota_exceeded'] as const)('answers %s with 429', async (code) => {
    const limits = {
      'retry-after': '17',
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1900000000',
    };
    service.next(failing(code, { ...limits, 'RateLimit-Policy': '"key"; q=20; w=60; pk=:YQ==:' }));
    const answer = await ask('/');
    expectRefusal(answer, code);
    expect(Object.fromEntries(answer.headers)).toMatchObject(limits);
  });

  test.each([
    ['the service cannot verify keys', failing('verification_unavailable')],
    ['the service fails', failing('internal')],
    ['the connection breaks', breaking],
    ['another server refuses', answering(401, { 'WWW-Authenticate': 'Bearer' }, '<html>')],
    ['another server forbids', answering(403, {}, '<html>')],
    ['another server is busy', answering(429, {}, '<html>')],
    ['another server redirects', answering(302, { Location: 'https://login.example' }, '<html>')],
    ["the limit is Envoy's own", failing('rate_limited', { 'RateLimit-Policy': '"address"; q=600; w=60; pk=:YQ==:' })],
    ['the path does not exist', answering(404, {}, '<html>')],
  ])('answers with 503 if %s', async (_what, answer) => {
    service.next(answer);
    expectRefusal(await ask('/'), 'verification_unavailable');
  });

  test("does not change the application's errors", async () => {
    for (const status of [401, 403, 429, 500, 503]) {
      expect(await ask(`/status/${status}`)).toMatchObject({ status, body: { app: 'GET' } });
    }
  });

  test("answers with 503 if the service's certificate is not trusted", async () => {
    const certificateFile = makeCertificate().file;
    const stranger = await startEnvoy({ servicePort: front.port, certificateFile, guardSecret, applicationPort });
    const response = await fetch(stranger, { headers: { 'X-API-Key': makeKey() } });
    expect(response.status).toBe(503);
    expect(front.received).toEqual([]);
  });
});

test("envoy/envoy.yaml contains the contract's error body (if not: npx pnpm@12 generate)", () => {
  const committed = readFileSync(new URL('../envoy/envoy.yaml', import.meta.url), 'utf8');
  expect(committed).toBe(withEnvoyBody(committed));
});
