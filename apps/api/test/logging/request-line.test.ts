import { makeKey } from '@andamio/schema/key-format';
import { newKey, requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parserRefusalLogger } from '../../src/http/request/log.ts';
import { createLog } from '../../src/log.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { sendRaw } from '../harness/raw-socket.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';
import { memoryStore } from '../harness/stores.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('log line of a request', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ settings: { trustProxyHops: 1 } });
  });
  afterAll(() => app.close());

  let ids = 0;

  /** Sends a request and returns its log line. */
  async function lineOf(
    headers: Record<string, string>,
    path?: string,
    method = 'GET',
  ): Promise<Record<string, unknown>> {
    const id = `line-${ids++}`;
    if (path === undefined)
      await requestKey(
        app.url,
        { api_key_name: id },
        { headers: { 'x-request-id': id, ...headers } },
      );
    else await fetch(`${app.url}${path}`, { method, headers: { 'x-request-id': id, ...headers } });
    const find = () =>
      app.logged.map((text) => JSON.parse(text)).find(({ requestId }) => requestId === id);
    await expect.poll(find).toBeDefined();
    return find();
  }

  test('the log line of a request has the fields of Cloud Logging', async () => {
    expect(await lineOf({ 'x-forwarded-for': '203.0.113.7' })).toMatchObject({
      severity: 'INFO',
      message: 'request',
      httpRequest: {
        requestMethod: 'POST',
        requestUrl: '/api/v1/apikey/request',
        status: 200,
        remoteIp: '203.0.113.7',
        latency: expect.stringMatching(/^\d+\.\d{6}s$/),
      },
      timestamp: { seconds: expect.any(Number), nanos: expect.any(Number) },
    });
  });

  test.each([
    ['malformed_request', 400, `GET / HTTP/1.1\r\nX-Secret: ${makeKey()}\r\nbroken\r\n\r\n`],
    ['headers_too_large', 431, `GET / HTTP/1.1\r\nX-Secret: ${'s'.repeat(20_000)}\r\n\r\n`],
  ])(
    'a refusal by the parser (%s) has one log line for each client and minute, without its bytes',
    async (errorCode, status, bytes) => {
      const own = await startApp();
      onTestFinished(() => own.close());
      for (let sent = 0; sent < 3; sent++) await sendRaw(own.port, bytes);
      const lines = own.logged.map((text) => JSON.parse(text));
      expect(lines).toMatchObject([
        { errorCode, message: 'request', httpRequest: { status, remoteIp: '127.0.0.1' } },
      ]);
      expect(own.logged.join()).not.toMatch(/ant-|sss/);
    },
  );

  test.each([
    ['traceparent', `00-${trace}-${span}-01`, true],
    ['traceparent', `00-${trace}-${span}-00`, undefined],
    ['x-cloud-trace-context', `${trace}/${BigInt(`0x${span}`)};o=1`, true],
    ['x-cloud-trace-context', `${trace}/${BigInt(`0x${span}`)}`, undefined],
  ])('the log line of a request links to the trace of %s: %s', async (header, value, sampled) => {
    const line = await lineOf({ [header]: value });
    expect(line['logging.googleapis.com/trace']).toBe(`projects/test-project/traces/${trace}`);
    expect(line['logging.googleapis.com/spanId']).toBe(span);
    expect(line['logging.googleapis.com/trace_sampled']).toBe(sampled);
  });

  test.each([
    ['traceparent', 'hello'],
    ['traceparent', `00-${'0'.repeat(32)}-${span}-01`],
    ['traceparent', `00-${trace}-${'0'.repeat(16)}-01`],
    ['traceparent', `00-${trace.toUpperCase()}-${span}-01`],
    ['traceparent', `00-${trace}-${span}-01-more`],
    ['x-cloud-trace-context', `${trace}/not-a-number`],
    ['x-cloud-trace-context', `${trace}x/1`],
  ])('the log line of a request ignores an invalid %s: %s', async (header, value) => {
    const line = await lineOf({ [header]: value });
    expect(Object.keys(line).filter((name) => /trace|span/i.test(name))).toEqual([]);
  });

  test('the log line of a request contains no other data from the client', async () => {
    const marker = 'MARKER7391';
    const token = tokenFor(marker, { alias: marker, iss: marker });
    await requestKey(
      app.url,
      { api_key_name: marker },
      { token, headers: { 'user-agent': marker, referer: `https://${marker}/` } },
    );
    await requestKey(app.url, undefined, {
      token,
      rawBody: `{"${marker}": `,
      headers: { 'x-request-id': `${marker}!` },
    });
    await requestKey(app.url, { api_key_name: marker }, { token: `${token}${marker}` });
    await lineOf(
      { cookie: marker, 'x-api-key': marker, host: 'x' },
      `/${marker}?query=${marker}#${marker}`,
    );
    expect(app.logged.join('\n')).not.toContain(marker);
    expect(app.logged.join('\n')).not.toContain(token.split('.')[1]);
  });

  test.each([
    ['HEAD', '/api/v1/user/me', { requestMethod: 'HEAD', requestUrl: '/api/v1/user/me' }],
    [
      'HEAD',
      '/api/v1/docs/index.html',
      { requestMethod: 'HEAD', requestUrl: '/api/v1/docs/index.html' },
    ],
    [
      'GET',
      '/api/v1/docs/assets/nothing.js',
      { requestMethod: 'GET', requestUrl: '/api/v1/docs/assets/*' },
    ],
    ['POST', '/api/v1/docs/assets/nothing.js', {}],
    ['GET', '/nothing', {}],
  ])('the log line of %s %s has the route, if there is one', async (method, path, route) => {
    const { httpRequest } = await lineOf({}, path, method);
    const { requestMethod, requestUrl } = httpRequest as Record<string, unknown>;
    expect({ requestMethod, requestUrl }).toEqual(route);
  });

  test('the log line of a verification has the route without the path suffix', async () => {
    const line = await lineOf(
      { 'x-api-key': makeKey() },
      '/api/v1/apikey/verify/MARKER7391?MARKER7391',
    );
    expect(line).toMatchObject({
      severity: 'INFO',
      message: 'request',
      httpRequest: {
        requestMethod: 'GET',
        requestUrl: '/api/v1/apikey/verify',
        status: 401,
        remoteIp: '127.0.0.1',
      },
    });
    expect(JSON.stringify(line)).not.toContain('MARKER7391');
  });

  test('a failed health check is logged at INFO', async () => {
    const failing = await startApp({ store: storeThatThrows(new Error('down')) });
    onTestFinished(() => failing.close());
    await fetch(`${failing.url}/health/ready`);
    const lines = () =>
      failing.logged.map((text) => JSON.parse(text)).filter(({ httpRequest }) => httpRequest);
    await expect.poll(lines).toMatchObject([{ severity: 'INFO', httpRequest: { status: 503 } }]);
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['no_token', 'unauthenticated', { authorization: '' }, '/api/v1/user/me'],
    ['no_token', 'unauthenticated', { authorization: 'Basic abc' }, '/api/v1/user/me'],
    ['malformed', 'unauthenticated', { authorization: 'Bearer abc' }, '/api/v1/user/me'],
    [
      'expired',
      'unauthenticated',
      { authorization: `Bearer ${tokenFor('user', { exp: 1 })}` },
      '/api/v1/user/me',
    ],
    ['claims', 'unauthenticated', { authorization: `Bearer ${tokenFor('')}` }, '/api/v1/user/me'],
    ['no_key', 'invalid_key', {}, '/api/v1/apikey/verify'],
    ['malformed', 'invalid_key', { 'x-api-key': '' }, '/api/v1/apikey/verify'],
    ['malformed', 'invalid_key', { 'x-api-key': `${makeKey()}x` }, '/api/v1/apikey/verify'],
    ['unknown_key', 'invalid_key', { 'x-api-key': makeKey() }, '/api/v1/apikey/verify'],
  ])(
    'the log line of a 401 has the reason %s and the code %s',
    async (reason, errorCode, headers, path) => {
      expect(await lineOf(headers, path)).toMatchObject({
        httpRequest: { status: 401 },
        errorCode,
        reason,
      });
    },
  );

  test('the log line of a 401 has the reason expired or suspended', async () => {
    const { store } = memoryStore();
    let now = Date.now();
    const aging = await startApp({ store, now: () => now });
    onTestFinished(() => aging.close());
    const keys = await Promise.all(['expired', 'suspended'].map((sub) => newKey(aging.url, sub)));
    await store.suspend({
      userId: 'suspended',
      by: { kind: 'operator' },
      now: Math.floor(now / 1000),
    });
    const reasonOf = async (key: string | undefined) => {
      aging.logged.length = 0;
      await fetch(`${aging.url}/api/v1/apikey/verify`, { headers: { 'x-api-key': key as string } });
      await expect.poll(() => aging.logged.length).toBe(1);
      return JSON.parse(aging.logged[0] as string)['reason'];
    };
    expect(await reasonOf(keys[1])).toBe('suspended');
    now += 366 * 86_400_000;
    expect(await reasonOf(keys[0])).toBe('expired');
  });

  test('the log line of every refusal has its code', async () => {
    expect(await lineOf({}, '/nothing')).toMatchObject({ errorCode: 'not_found' });
    expect(await lineOf({}, '/api/v1/user/me', 'DELETE')).toMatchObject({
      errorCode: 'method_not_allowed',
    });
    const line = await lineOf({ 'content-type': 'text/plain' });
    expect(line).toMatchObject({ errorCode: 'invalid_body' });
    expect(line).not.toHaveProperty('reason');
  });

  test('requests over a rate limit are logged once per client and window', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const limited = await startApp({ settings: { ipRateLimitPerMinute: 1, trustProxyHops: 1 } });
    onTestFinished(() => limited.close());
    const refused = async (address: string, times: number) => {
      const headers = { 'x-forwarded-for': address };
      for (let sent = 0; sent < times; sent++)
        await (await fetch(`${limited.url}/x`, { headers })).text();
    };
    await refused('192.0.2.1', 100);
    await refused('192.0.2.2', 50);
    const lines = () => limited.logged.map((text) => JSON.parse(text));
    const refusals = () => lines().filter(({ errorCode }) => errorCode === 'rate_limited');
    await vi.waitFor(() => expect(refusals()).toHaveLength(2));
    expect(refusals().map(({ httpRequest }) => httpRequest.remoteIp)).toEqual([
      '192.0.2.1',
      '192.0.2.2',
    ]);
    vi.advanceTimersByTime(60_000);
    expect(lines().at(-1)).toMatchObject({ refusals: 146 });
    await refused('192.0.2.1', 1);
    await vi.waitFor(() => expect(refusals()).toHaveLength(3));
  });

  test('requests over the limit of a user are logged once per user, also from one address', async () => {
    const limited = await startApp();
    onTestFinished(() => limited.close());
    for (const sub of ['one', 'two']) {
      const token = tokenFor(sub, { tier: 'pioneer' });
      for (let sent = 0; sent < 25; sent++) await requestKey(limited.url, {}, { token });
    }
    const lines = () => limited.logged.map((text) => JSON.parse(text));
    await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(42));
    expect(lines().filter(({ errorCode }) => errorCode === 'rate_limited')).toHaveLength(2);
  });

  test('the number of clients whose refusals are logged in a window is bounded', () => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLog({ level: 'info', project: undefined, destination: { write } });
    const logRefusal = parserRefusalLogger(log);
    for (let client = 0; client < 1_100; client++) logRefusal('malformed_request', `${client}`);
    expect(lines).toHaveLength(1_000);
  });

  test('successful health checks and verifications are logged at DEBUG', async () => {
    const key = await newKey(app.url, 'verified');
    expect(await lineOf({}, '/health/live')).toMatchObject({ severity: 'DEBUG' });
    for (let round = 0; round < 2; round++) {
      expect(await lineOf({ 'x-api-key': key }, '/api/v1/apikey/verify')).toMatchObject({
        severity: 'DEBUG',
        httpRequest: { requestMethod: 'GET', requestUrl: '/api/v1/apikey/verify', status: 200 },
      });
    }
  });
});
