import { startDroppingProxy } from '@andamio/testing/dropping-proxy';
import { freePort } from '@andamio/testing/free-port';
import { tokenFor } from '@andamio/testing/tokens';
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type Client, type ClientOptions, createClient } from '../src/index.ts';
import { failureOf } from './harness/failure-of.ts';
import { breaking, startProxy, startService } from './harness/proxy.ts';

const calls = 24;
const service = await startService();
const proxy = await startProxy(service);
const dropping = await startDroppingProxy(proxy.url);
let before = 0;
beforeEach(() => {
  proxy.next();
  before = proxy.received.length;
});
const received = () => proxy.received.slice(before);

let owners = 0;
const client = (options: Partial<ClientOptions> = {}) =>
  createClient({
    baseUrl: dropping.url,
    token: tokenFor(`owner-${owners++}`, { tier: 'enterprise' }),
    ...options,
  });

/**
 * Opens connections with concurrent calls. When the connections are idle, the proxy drops all of
 * them.
 */
async function dropAll(user: ReturnType<typeof client>) {
  await Promise.all(Array.from({ length: calls }, () => user.getUser()));
  expect(dropping.open()).toBeGreaterThanOrEqual(calls / 2);
  dropping.drop();
  before = proxy.received.length;
}

describe('concurrent calls over dropped keep-alive connections', () => {
  test('concurrent reads succeed over dropped connections, even with two attempts', async () => {
    const user = client({ maxAttempts: 2 });
    await dropAll(user);
    const answers = await Promise.all(Array.from({ length: calls }, () => user.getUser()));
    expect(answers).toHaveLength(calls);
    expect(received()).toHaveLength(calls);
  });

  test('concurrent writes with an Idempotency-Key succeed over dropped connections, and create nothing twice', async () => {
    const user = client({ maxAttempts: 2 });
    await dropAll(user);
    const names = Array.from({ length: calls }, (_, index) => `key ${index}`);
    const made = await Promise.all(
      names.map((api_key_name) => user.requestApiKey({ api_key_name })),
    );
    expect(new Set(made.map(({ api_key }) => api_key)).size).toBe(calls);
    expect(received()).toHaveLength(calls);
  });

  test('concurrent writes without an Idempotency-Key are not retried over dropped connections', async () => {
    const user = client();
    await user.requestApiKey({ api_key_name: 'MyFirstKey' });
    await dropAll(user);
    const outcomes = await Promise.allSettled(
      Array.from({ length: calls }, () => user.deleteApiKey({ api_key_name: 'MyFirstKey' })),
    );
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    expect(failures.length).toBeGreaterThan(0);
    for (const { code } of failures as ApiError[])
      expect(['network', 'no_such_key']).toContain(code);
    expect(received().length + failures.filter(({ code }) => code === 'network').length).toBe(
      calls,
    );
  });
});

test('the number of requests to a service that breaks every connection is bounded', async () => {
  proxy.next(...Array(200).fill(breaking));
  const user = client({ baseUrl: proxy.url, maxAttempts: 2, totalTimeoutMs: 3_000 });
  expect(await failureOf(user.getUser())).toMatchObject({
    code: expect.stringMatching(/^(network|timeout)$/),
  });
  expect(received().length).toBeGreaterThan(2);
  expect(received().length).toBeLessThanOrEqual(22);
});

test.each([
  ['a read', (user: Client) => user.getUser()],
  ['a write with an Idempotency-Key', (user: Client) => user.requestApiKey({ api_key_name: 'a' })],
] as const)('maxAttempts: 1 sends %s once, even if the connection breaks', async (_, send) => {
  proxy.next(...Array(200).fill(breaking));
  const user = client({ baseUrl: proxy.url, maxAttempts: 1, totalTimeoutMs: 3_000 });
  expect(await failureOf(send(user))).toMatchObject({
    code: 'network',
    mayHaveBeenProcessed: true,
  });
  expect(received()).toHaveLength(1);
});

test('any write that could not be sent is retried', async () => {
  const port = await freePort();
  const user = createClient({
    baseUrl: `http://127.0.0.1:${port}`,
    token: tokenFor('ada'),
    maxAttempts: 3,
  });
  const startedAt = performance.now();
  const failure = await failureOf(user.deleteApiKey({ api_key_name: 'MyFirstKey' }));
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({
    code: 'network',
    details:
      'The connection could not be established, or broke. The request was not sent. Reason: ECONNREFUSED.',
  });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
