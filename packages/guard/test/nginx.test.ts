import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { endWithFile } from '../../../apps/api/test/harness/end-with-file.ts';
import { withNginxBodies } from '../scripts/error-bodies.ts';
import { expectRefusal } from './harness/expect-refusal.ts';
import { makeCertificate, publishedHost, startNginx } from './harness/nginx.ts';
import { startTlsFront, type TlsFront } from './harness/tls-front.ts';
import { answering, breaking, failing, startVerifyServer, type VerifyServer, valid } from './harness/verify-server.ts';

const guardSecret = 'x'.repeat(32);

describe.skipIf(!inject('available').includes('nginx'))('nginx/apikey.conf, by a real nginx', () => {
  let service: VerifyServer;
  let front: TlsFront;
  let app: string;
  let nginx: string;

  beforeAll(async () => {
    const certificate = makeCertificate();
    service = await startVerifyServer();
    front = await startTlsFront(() => service.url, certificate);
    app = await startApp();
    const folder = mkdtempSync(join(tmpdir(), 'nginx-root-'));
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'none'), '');
    endWithFile(() => rmSync(folder, { recursive: true }));
    nginx = await startNginx({
      servicePort: front.port,
      certificateFile: certificate.file,
      guardSecret,
      locations: `location / { proxy_pass ${app}; }
                  location /public { auth_request off; proxy_pass ${app}; }
                  location /own-headers { proxy_set_header X-API-Key $http_x_api_key; proxy_set_header X-Own own; proxy_pass ${app}; }
                  location /broken { set $to ""; proxy_pass $to; }
                  location /denied { deny all; proxy_pass ${app}; }
                  location /folder/ { root ${folder}; }
                  location /password { auth_basic "staff"; auth_basic_user_file ${folder}/none; proxy_pass ${app}; }
                  location /intercepted { proxy_intercept_errors on; proxy_pass ${app}; }`,
    });
  });
  beforeEach(() => {
    front.received.length = 0;
    service.next(valid());
  });

  /** Starts an application that echoes requests, with the status named in the path. */
  async function startApp(): Promise<string> {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const status = Number(/\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200);
      response
        .writeHead(status, { 'Content-Type': 'application/json' })
        .end(
          JSON.stringify({ app: request.method, path: request.url, body, keys: request.headersDistinct['x-api-key'] }),
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endWithFile(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function ask(path: string, init: RequestInit = { headers: { 'X-API-Key': makeKey() } }) {
    const response = await fetch(`${nginx}${path}`, init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
  }

  test('forwards a request with a valid key, including its body', async () => {
    const init = { method: 'POST', headers: { 'X-API-Key': makeKey() }, body: 'the body' };
    expect(await ask('/orders?page=2', init)).toMatchObject({
      status: 200,
      body: { app: 'POST', path: '/orders?page=2', body: 'the body' },
    });
  });

  /** Sends two keys in separate header lines. */
  function askWithTwo(path: string, keys: readonly [string, string]): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${nginx}${path}`, { headers: { 'X-API-Key': [...keys] } }, async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode as number, body });
      });
      outgoing.on('error', reject).end();
    });
  }

  test.each(['/', '/own-headers'])('forwards only the verified key of two to the application at %s', async (path) => {
    const keys = [makeKey(), makeKey()] as const;
    const { status, body } = await askWithTwo(path, keys);
    const verified = front.received.map(({ headers }) => headers['x-api-key']);
    expect(verified).toHaveLength(1);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ keys: verified });
  });

  test("sends the service the key, nginx's own secret and nothing else", async () => {
    const key = makeKey();
    const headers = { 'X-API-Key': key, cookie: 'session=1', authorization: 'Bearer token', 'x-guard-secret': 'one' };
    await ask('/orders?page=2', { method: 'POST', headers, body: 'the body' });
    expect(front.received).toEqual([
      {
        method: 'HEAD',
        path: '/api/v1/apikey/verify',
        headers: { host: publishedHost, 'x-api-key': key, 'x-guard-secret': guardSecret },
        body: '',
      },
    ]);
  });

  test('reuses its connection to the service', async () => {
    await ask('/');
    const before = front.connections();
    for (let sent = 0; sent < 10; sent++) await ask('/');
    expect(front.connections()).toBe(before);
    expect(front.received).toHaveLength(11);
  });

  test('verifies the key of each request again', async () => {
    const init = { headers: { 'X-API-Key': makeKey() } };
    expect((await ask('/', init)).status).toBe(200);
    service.next(failing('invalid_key'));
    expect((await ask('/', init)).status).toBe(401);
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
    const policy = { 'RateLimit-Policy': '"key"; q=20; w=60; pk=:YQ==:' };
    service.next(failing(code, { ...limits, ...policy }, 'Quota: 500 requests a day.'));
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
    ["the limit is nginx's own", failing('rate_limited', { 'RateLimit-Policy': '"address"; q=600; w=60; pk=:YQ==:' })],
    ['the path does not exist', answering(404, {}, '<html>')],
  ])('answers with 503 if %s', async (_what, answer) => {
    service.next(answer);
    expectRefusal(await ask('/'), 'verification_unavailable');
  });

  test.each([
    ['the error of a location with deny', '/denied', 403],
    ['the error of a folder without an index', '/folder/', 403],
    ['the error of a location with a password', '/password', 401],
    ['an intercepted error of the application: 401', '/intercepted/status/401', 401],
    ['an intercepted error of the application: 403', '/intercepted/status/403', 403],
    ['an intercepted error of the application: 500', '/intercepted/status/500', 500],
    ['an internal error of nginx', '/broken', 500],
  ])('returns %s with its own status, not as a refusal of the key', async (_what, path, status) => {
    const response = await fetch(`${nginx}${path}`, { headers: { 'X-API-Key': makeKey() } });
    expect(response.status).toBe(status);
    expect(response.headers.get('x-error-code')).toBeNull();
    expect(await response.text()).toContain(`<title>${status} `);
    if (path === '/password') expect(response.headers.get('www-authenticate')).toBe('Basic realm="staff"');
  });

  test.each(['/folder/', '/intercepted/status/403', '/broken'])('refuses an invalid key at %s', async (path) => {
    service.next(failing('invalid_key'));
    expectRefusal(await ask(path), 'invalid_key');
  });

  test("does not change the application's errors", async () => {
    for (const status of [401, 403, 429, 500, 503]) {
      expect(await ask(`/status/${status}`)).toMatchObject({ status, body: { app: 'GET' } });
    }
  });

  test("answers with 503 if the service's certificate is not trusted", async () => {
    const stranger = await startNginx({
      servicePort: front.port,
      certificateFile: makeCertificate().file,
      locations: `location / { proxy_pass ${app}; }`,
    });
    const response = await fetch(stranger, { headers: { 'X-API-Key': makeKey() } });
    expect(response.status).toBe(503);
    expect(front.received).toEqual([]);
  });

  test('requires no key in a location with auth_request off', async () => {
    expect((await ask('/public', {})).status).toBe(200);
    expect(front.received).toEqual([]);
  });

  test('does not expose its verification location to clients', async () => {
    const response = await fetch(`${nginx}/_apikey/verify`, { headers: { 'X-API-Key': makeKey() } });
    expect(response.status).toBe(404);
    expect(front.received).toEqual([]);
  });
});

test("nginx/apikey-http.conf contains the contract's error bodies (if not: npx pnpm@12 generate)", () => {
  const committed = readFileSync(new URL('../nginx/apikey-http.conf', import.meta.url), 'utf8');
  expect(committed).toBe(withNginxBodies(committed));
});
