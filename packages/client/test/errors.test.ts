import { inspect } from 'node:util';
import { freePort } from '@andamio/testing/free-port';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { describe, expect, test } from 'vitest';
import { ApiError, createClient } from '../src/index.ts';
import { failureOf } from './harness/failure-of.ts';
import { answering, failing, silent, startProxy, startService } from './harness/proxy.ts';

const baseUrl = await startService();
const proxy = await startProxy(baseUrl);
const request = (token: string, body: Record<string, unknown> = { api_key_name: 'a key' }) =>
  createClient({ baseUrl, token, totalTimeoutMs: 500 }).requestApiKey(
    body as { api_key_name: string },
  );

describe('an error of the service', () => {
  test.each([
    ['unauthenticated', 401, () => request('not-a-token')],
    ['unknown_tier', 403, () => request(tokenFor('ada', { tier: 'gold' }))],
    ['insufficient_scope', 403, () => request(tokenFor('ada', { scope: 'apikey:read' }))],
    ['missing_field', 400, () => request(tokenFor('ada'), {})],
    ['invalid_field', 422, () => request(tokenFor('ada'), { api_key_name: 'no' })],
    [
      'expiry_too_late',
      422,
      () => request(tokenFor('ada'), { api_key_name: 'a key', expires_in_days: 1e9 }),
    ],
  ])('rejects with the code of the service: %s', async (code, status, call) => {
    const error = await failureOf(call());
    expect(error).toBeInstanceOf(Error);
    expect({ ...error }).toEqual({
      code,
      status,
      details: expect.stringMatching(/.{10,}/),
      requestId: expect.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
      retryAfter: undefined,
      mayHaveBeenProcessed: false,
    });
    expect(error.message).toBe(`${code}: ${error.details}`);
    expect(error.name).toBe('ApiError');
    for (const printed of [String(error), error.stack, inspect(error)])
      expect(printed?.split('\n')[0]).toBe(`ApiError: ${error.message}`);
  });

  test('distinguishes a taken name from a full tier', async () => {
    const token = tokenFor('pioneer', { tier: 'pioneer' });
    await request(token);
    expect(await failureOf(request(token))).toMatchObject({ code: 'name_taken', status: 422 });
    expect(await failureOf(request(token, { api_key_name: 'another' }))).toMatchObject({
      code: 'key_limit_reached',
      status: 429,
      retryAfter: undefined,
    });
  });

  test('rejects at once with retryAfter if that exceeds the time limit of the call', async () => {
    const token = tokenFor('hasty', { tier: 'pioneer' });
    let error = await failureOf(request(token, {}));
    for (let sent = 1; error.code === 'missing_field' && sent < 30; sent++)
      error = await failureOf(request(token, {}));
    expect(error).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(error.retryAfter).toBeGreaterThan(0);
    expect(error.retryAfter).toBeLessThanOrEqual(60);
  });
});

describe('a failure without an error of the service', () => {
  const client = createClient({ baseUrl: proxy.url, token: tokenFor('ada'), maxAttempts: 1 });

  test('network: connection refused', async () => {
    const nowhere = createClient({
      baseUrl: `http://127.0.0.1:${await freePort()}`,
      token: 'a',
      maxAttempts: 1,
    });
    const error = await failureOf(nowhere.getOpenApiDocument());
    expect(error).toMatchObject({ code: 'network', status: undefined, requestId: undefined });
    expect(error.details).toContain('ECONNREFUSED');
  });

  test.each([
    ['attemptTimeoutMs', 'totalTimeoutMs'],
    ['totalTimeoutMs', 'attemptTimeoutMs'],
  ])('timeout: %s ends a call without a response', async (limit, other) => {
    proxy.next(silent);
    const hasty = createClient({
      baseUrl: proxy.url,
      token: 'a',
      maxAttempts: 1,
      [limit]: 50,
      [other]: 10_000,
    });
    const start = performance.now();
    expect(await failureOf(hasty.getOpenApiDocument())).toMatchObject({
      code: 'timeout',
      status: undefined,
    });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test('timeout: a token function that never resolves', async () => {
    const waiting = createClient({
      baseUrl,
      token: () => new Promise(() => {}),
      attemptTimeoutMs: 50,
    });
    expect(await failureOf(waiting.requestApiKey({ api_key_name: 'a key' }))).toMatchObject({
      code: 'timeout',
    });
  });

  test('aborted: before the request is sent', async () => {
    const before = proxy.received.length;
    expect(
      await failureOf(client.getOpenApiDocument({ signal: AbortSignal.abort() })),
    ).toMatchObject({
      code: 'aborted',
      details: 'The call was aborted by its signal. The request was not sent.',
    });
    expect(proxy.received).toHaveLength(before);
  });

  test('aborted: while waiting for the response', async () => {
    const before = proxy.received.length;
    const controller = new AbortController();
    proxy.next(silent);
    const failure = failureOf(client.getOpenApiDocument({ signal: controller.signal }));
    await waitFor('the request', () => proxy.received.length > before);
    controller.abort();
    expect(await failure).toMatchObject({ code: 'aborted', status: undefined });
  });

  test('aborted: while waiting for a retry', async () => {
    const patient = createClient({ baseUrl: proxy.url, token: 'a' });
    const before = proxy.received.length;
    const controller = new AbortController();
    let answered = false;
    proxy.next((response, ...rest) => {
      response.on('close', () => (answered = true));
      return failing(429, 'rate_limited', { 'retry-after': '30' })(response, ...rest);
    });
    const failure = failureOf(patient.getOpenApiDocument({ signal: controller.signal }));
    await waitFor('the refusal', () => answered);
    const start = performance.now();
    controller.abort();
    expect(await failure).toMatchObject({ code: 'aborted' });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(proxy.received).toHaveLength(before + 1);
  });

  test.each([
    ['a page of a proxy', answering(502, { 'content-type': 'text/html' }, '<h1>Bad Gateway</h1>')],
    ['an unknown code', failing(500, 'out_of_coffee')],
    ['a code of Object.prototype', failing(500, 'constructor')],
    ['a code with the status of another code', failing(400, 'not_found')],
    ['an error without a body', answering(500, { 'x-error-code': 'internal' })],
    ['a redirect, which is not followed', answering(307, { location: baseUrl })],
    ['a 200 that is not JSON', answering(200, {}, 'welcome')],
    ['a 200 without a required field', answering(200, {}, '{}')],
    ['a 200 that is null', answering(200, {}, 'null')],
  ])('unexpected_answer: %s', async (_, fault) => {
    proxy.next(fault);
    const error = await failureOf(client.getOpenApiDocument());
    expect(error.code).toBe('unexpected_answer');
    expect(error.details).toContain(`status ${error.status}`);
  });
});

test('rejects with a TypeError for a token that cannot be sent in a header', async () => {
  for (const token of ['', 'two words', 'line\nbreak', 'naïve']) {
    const refusal = createClient({ baseUrl, token }).requestApiKey({ api_key_name: 'a key' });
    await expect(refusal).rejects.toThrow(TypeError);
    await expect(refusal).rejects.not.toBeInstanceOf(ApiError);
  }
});
