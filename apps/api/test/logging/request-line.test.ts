import { makeKey } from '@andamio/schema/key-format';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { newKey, requestKey } from '../harness/request-key.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';
import { tokenFor } from '../harness/tokens.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('the line of a request', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ settings: { trustProxyHops: 1 } });
  });
  afterAll(() => app.close());

  let ids = 0;

  /** Sends a request and resolves to the line that it leaves. */
  async function lineOf(
    headers: Record<string, string>,
    path?: string,
    method = 'GET',
  ): Promise<Record<string, unknown>> {
    const id = `line-${ids++}`;
    if (path === undefined)
      await requestKey(app.url, { api_key_name: id }, { headers: { 'x-request-id': id, ...headers } });
    else await fetch(`${app.url}${path}`, { method, headers: { 'x-request-id': id, ...headers } });
    const find = () => app.logged.map((text) => JSON.parse(text)).find(({ requestId }) => requestId === id);
    await expect.poll(find).toBeDefined();
    return find();
  }

  test("has Cloud Logging's fields", async () => {
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
    ['traceparent', `00-${trace}-${span}-01`, true],
    ['traceparent', `00-${trace}-${span}-00`, undefined],
    ['x-cloud-trace-context', `${trace}/${BigInt(`0x${span}`)};o=1`, true],
    ['x-cloud-trace-context', `${trace}/${BigInt(`0x${span}`)}`, undefined],
  ])('joins the trace that %s names: %s', async (header, value, sampled) => {
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
  ])('takes nothing from %s: %s', async (header, value) => {
    const line = await lineOf({ [header]: value });
    expect(Object.keys(line).filter((name) => /trace|span/i.test(name))).toEqual([]);
  });

  test('holds nothing else that the client sent', async () => {
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
    await lineOf({ cookie: marker, 'x-api-key': marker, host: 'x' }, `/${marker}?query=${marker}#${marker}`);
    expect(app.logged.join('\n')).not.toContain(marker);
    expect(app.logged.join('\n')).not.toContain(token.split('.')[1]);
  });

  test.each([
    ['HEAD', '/api/v1/user/me', { requestMethod: 'HEAD', requestUrl: '/api/v1/user/me' }],
    ['HEAD', '/api/v1/docs/index.html', { requestMethod: 'HEAD', requestUrl: '/api/v1/docs/index.html' }],
    ['GET', '/api/v1/docs/assets/nothing.js', { requestMethod: 'GET', requestUrl: '/api/v1/docs/assets/*' }],
    ['POST', '/api/v1/docs/assets/nothing.js', {}],
    ['GET', '/nothing', {}],
  ])('names the route that %s %s is for, if there is one', async (method, path, route) => {
    const { httpRequest } = await lineOf({}, path, method);
    const { requestMethod, requestUrl } = httpRequest as Record<string, unknown>;
    expect({ requestMethod, requestUrl }).toEqual(route);
  });

  test('names the route of a key that is verified, and nothing of what stands below it', async () => {
    const line = await lineOf({ 'x-api-key': makeKey() }, '/api/v1/apikey/verify/MARKER7391?MARKER7391');
    expect(line).toMatchObject({
      severity: 'INFO',
      message: 'request',
      httpRequest: { requestMethod: 'GET', requestUrl: '/api/v1/apikey/verify', status: 401, remoteIp: '127.0.0.1' },
    });
    expect(JSON.stringify(line)).not.toContain('MARKER7391');
  });

  test('is for everybody where a health check fails', async () => {
    const failing = await startApp({ store: storeThatThrows(new Error('down')) });
    onTestFinished(() => failing.close());
    await fetch(`${failing.url}/health/ready`);
    const lines = () => failing.logged.map((text) => JSON.parse(text)).filter(({ httpRequest }) => httpRequest);
    await expect.poll(lines).toMatchObject([{ severity: 'INFO', httpRequest: { status: 503 } }]);
  });

  test('is for those who look closely where very many are answered well', async () => {
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
