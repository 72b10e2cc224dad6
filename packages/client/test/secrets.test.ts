import { inspect } from 'node:util';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, test } from 'vitest';
import { createClient } from '../src/index.ts';
import {
  answering,
  breaking,
  cuttingTheAnswer,
  type Fault,
  failing,
  silent,
  startProxy,
  startService,
  writing,
} from './harness/proxy.ts';

const proxy = await startProxy(await startService());
const token = tokenFor('ada');
const key = `ant-${'Secret1234'.repeat(4)}`;
const issued = `{"api_key":"${key}"`;

/** Returns all text that a log, a debugger or an error report could show for a value. */
function shown(value: unknown): string {
  const error = value as Error;
  return [
    inspect(value, { depth: null, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
    error.stack,
    inspect(error.cause, { depth: null, showHidden: true }),
    ...Object.getOwnPropertyNames(value).map((name) => String(error[name as keyof Error])),
  ].join('\n');
}

function expectNoSecret(value: unknown) {
  for (const secret of [token, token.split('.')[2] as string, 'Secret1234', 'hunter2']) {
    expect(shown(value)).not.toContain(secret);
  }
}

/** Responds with an error that quotes the credentials of the request, as a careless proxy might. */
const echoing: Fault = (response, received, forward) => {
  const { authorization, 'x-api-key': sentKey } = received.headers;
  return failing(
    400,
    'invalid_body',
    { 'x-request-id': key },
    `${authorization} ${sentKey} ${key}`,
  )(response, received, forward);
};

const http = (rest: string) =>
  writing(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${rest}`);

describe('errors contain no secret', () => {
  test.each<[string, Fault]>([
    ['a truncated response', cuttingTheAnswer],
    ['a broken connection', breaking],
    ['a timeout', silent],
    ['an error that repeats the request', echoing],
    ['a page that contains the key', answering(500, {}, key)],
    ['JSON that is truncated after the key', answering(200, {}, `${issued},`)],
    ['a key without the other required fields', answering(200, {}, `${issued}}`)],
    [
      'an invalid chunk size before the key',
      http(`transfer-encoding: chunked\r\n\r\nzz\r\n${issued}}\r\n`),
    ],
    ['an invalid header that contains the key', http(`${key}\u0000: ${key}\r\n\r\n${issued}}`)],
    ['fewer bytes than promised', http(`content-length: 500\r\n\r\n${issued}`)],
  ])('an error contains no key and no token after %s', async (_, fault) => {
    const client = createClient({
      baseUrl: proxy.url,
      token,
      attemptTimeoutMs: 500,
      maxAttempts: 1,
    });
    proxy.next(fault);
    const error: unknown = await client
      .requestApiKey({ api_key_name: 'MyFirstKey' })
      .catch((reason: unknown) => reason);
    expect(error).toHaveProperty('code');
    expect(error).not.toHaveProperty('cause');
    expectNoSecret(error);
  });

  test('an error does not contain the key that was sent and echoed', async () => {
    const client = createClient({ baseUrl: proxy.url, maxAttempts: 1 });
    for (const sent of [key, 'hunter2-in-another-form', 'hunter2\nhunter2']) {
      proxy.next(echoing);
      const error: unknown = await client.verifyApiKey(sent).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expectNoSecret(error);
    }
    proxy.next(); // The previous fault is unused, because the key was never sent.
  });

  test('an error does not contain a token that cannot be sent', async () => {
    const client = createClient({ baseUrl: proxy.url, token: `${token}\nhunter2` });
    const error: unknown = await client
      .requestApiKey({ api_key_name: 'a key' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expectNoSecret(error);
  });
});

test('inspecting a client does not show its token', async () => {
  const client = createClient({ baseUrl: proxy.url, token });
  await client.requestApiKey({ api_key_name: 'a key of the client' });
  expectNoSecret(client);
  for (const method of Object.values(client)) expectNoSecret(method);
});
