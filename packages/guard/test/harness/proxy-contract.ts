import { type OutgoingHttpHeaders, request } from 'node:http';
import { makeKey } from '@andamio/schema/key-format';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { makeCertificate, startEchoApp } from './proxy.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';
import {
  answering,
  breaking,
  failing,
  identity,
  startVerifyServer,
  type VerifyServer,
  valid,
} from './verify-server.ts';

/** The secret that the proxy sends to the service. */
export const guardSecret = 'x'.repeat(32);

/** The ports and the certificate with which a proxy is started. */
export interface Surroundings {
  /** Port of the service on 127.0.0.1. It replaces port 443 of the published host. */
  readonly servicePort: number;
  /** The certificate that the proxy trusts when it connects to the service. */
  readonly certificateFile: string;
  /** Port of the application on 127.0.0.1. */
  readonly applicationPort: number;
}

/** A running proxy in front of an application, and the service that verifies keys for the proxy. */
export interface ProxyUnderTest {
  readonly service: VerifyServer;
  readonly front: TlsFront;
  /** The proxy's URL. */
  readonly url: string;
  /** Sends a request to the application, with a new key by default. The response must be JSON. */
  ask(
    path: string,
    init?: RequestInit,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown }>;
}

/**
 * Returns headers in the form in which the application echoes a header that it received once: a
 * list with one value.
 */
const each = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

/**
 * Sends header lines exactly as given, which `fetch` cannot do. Resolves to the status and the JSON
 * body.
 */
export function askWithLines(
  url: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers: headers as OutgoingHttpHeaders }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode as number, body: JSON.parse(body) });
    });
    outgoing.on('error', reject).end();
  });
}

/**
 * Headers in which a client claims another identity. Applications treat some of these spellings as
 * the same header.
 */
export const forgedIdentity = {
  'X-API-Key-User': ['mallory', 'eve'],
  'x-api-key-tier': 'enterprise',
  X_API_Key_User: 'mallory',
  'X-API_Key-Name': 'admin',
  'X-API-Key-Scope': 'everything',
};

/**
 * Starts a proxy and defines the tests that every shipped configuration must pass. The application
 * behind the proxy echoes each request, with the status that the request's path names.
 *
 * @param start starts the proxy and returns its URL
 * @returns a function that returns the proxy once the tests of the file run
 */
export function testProxy(
  name: string,
  start: (surroundings: Surroundings) => Promise<string>,
): () => ProxyUnderTest {
  let proxy: ProxyUnderTest;
  let applicationPort: number;

  beforeAll(async () => {
    const certificate = makeCertificate();
    const service = await startVerifyServer();
    const front = await startTlsFront(() => service.url, certificate);
    applicationPort = await startEchoApp();
    const url = await start({
      servicePort: front.port,
      certificateFile: certificate.file,
      applicationPort,
    });
    proxy = {
      service,
      front,
      url,
      async ask(path, init = { headers: { 'X-API-Key': makeKey() } }) {
        const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
        return { status: response.status, headers: response.headers, body: await response.json() };
      },
    };
  });
  beforeEach(() => {
    proxy.front.received.length = 0;
    proxy.service.next(valid());
  });

  test('forwards a request with a valid key, including its body', async () => {
    const init = { method: 'POST', headers: { 'X-API-Key': makeKey() }, body: 'the body' };
    expect(await proxy.ask('/orders?page=2', init)).toMatchObject({
      status: 200,
      body: { app: 'POST', path: '/orders?page=2', body: 'the body' },
    });
  });

  test('tells the application whose key it was', async () => {
    expect((await proxy.ask('/')).body).toMatchObject({ identity: each(identity) });
  });

  test('tells the application the longest identity', async () => {
    const long = {
      ...identity,
      'x-api-key-user': '%F0%9F%94%91'.repeat(128),
      'x-api-key-name': '%F0%9F%94%91'.repeat(100),
    };
    // The service's other headers need less than 1,200 bytes.
    proxy.service.next(valid({ headers: { ...long, 'x-other': 'x'.repeat(1_200) } }));
    expect(await proxy.ask('/')).toMatchObject({ status: 200, body: { identity: each(long) } });
  });

  test.each([
    ['', {}],
    [', even if Connection names the headers', { Connection: Object.keys(identity).join(', ') }],
  ])('forwards no identity that a client claims%s', async (_what, more) => {
    const headers = { 'X-API-Key': makeKey(), ...forgedIdentity, ...more };
    const { status, body } = await askWithLines(proxy.url, headers);
    expect(status).toBe(200);
    expect({ ...(body['identity'] as object), 'x-api-key-scope': undefined }).toEqual(
      each(identity),
    );
  });

  test('forwards headers, except those with an underscore in their names', async () => {
    const headers = { 'X-API-Key': makeKey(), 'X-Order-Id': '1', X_Order_Id: '2', A_b: '3' };
    const names = (await askWithLines(proxy.url, headers)).body['headers'] as string[];
    expect(names).toContain('x-order-id');
    expect(names.filter((name) => name.includes('_'))).toEqual([]);
  });

  test('reuses its connection to the service', async () => {
    await proxy.ask('/');
    const before = proxy.front.connections();
    for (let sent = 0; sent < 10; sent++) await proxy.ask('/');
    expect(proxy.front.connections()).toBe(before);
    expect(proxy.front.received).toHaveLength(11);
  });

  // Without the guard's secret, the service states the limit of the proxy's address in each 401.
  const addressLimit = { 'RateLimit-Policy': '"address"; q=600; w=60; pk=:YQ==:' };

  test.each([
    ['no key', {}, {}],
    ['an invalid key', { headers: { 'X-API-Key': makeKey() } }, {}],
    ['an invalid key of a proxy without a secret', {}, addressLimit],
  ])('answers %s with 401', async (_what, init, limit) => {
    proxy.service.next(
      failing('invalid_key', { 'WWW-Authenticate': 'ApiKey realm="andamio-api"', ...limit }),
    );
    const answer = await proxy.ask('/', init);
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
    proxy.service.next(failing(code, { ...limits, ...policy }));
    const answer = await proxy.ask('/');
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
    [`the limit is that of ${name}'s address`, failing('rate_limited', addressLimit)],
    ['the path does not exist', answering(404, {}, '<html>')],
  ])('answers with 503 if %s', async (_what, answer) => {
    proxy.service.next(answer);
    expectRefusal(await proxy.ask('/'), 'verification_unavailable');
  });

  test("does not change the application's errors", async () => {
    for (const status of [401, 403, 429, 500, 503]) {
      expect(await proxy.ask(`/status/${status}`)).toMatchObject({ status, body: { app: 'GET' } });
    }
  });

  test("answers with 503 if the service's certificate is not trusted", async () => {
    const { front } = proxy;
    const certificateFile = makeCertificate().file;
    const stranger = await start({ servicePort: front.port, certificateFile, applicationPort });
    const response = await fetch(stranger, { headers: { 'X-API-Key': makeKey() } });
    expect(response.status).toBe(503);
    expect(front.received).toEqual([]);
  });

  return () => proxy;
}
