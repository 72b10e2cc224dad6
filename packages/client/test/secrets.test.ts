import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { tokenFor } from '../../../apps/api/test/harness/tokens.ts';
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

/** All that a log, a debugger or a report might show of a value. */
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

/** Says what the request said, as a careless proxy might. */
const echoing: Fault = (response, received, forward) => {
  const { authorization, 'x-api-key': sentKey } = received.headers;
  return failing(
    400,
    'invalid_body',
    { 'x-request-id': key },
    `${authorization} ${sentKey} ${key}`,
  )(response, received, forward);
};

const http = (rest: string) => writing(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${rest}`);

describe('an error shows no key and no token', () => {
  test.each<[string, Fault]>([
    ['an answer that is cut', cuttingTheAnswer],
    ['a broken connection', breaking],
    ['no answer', silent],
    ['an error that says what was sent', echoing],
    ['a page that holds the key', answering(500, {}, key)],
    ['JSON that breaks behind the key', answering(200, {}, `${issued},`)],
    ['a key without the other members', answering(200, {}, `${issued}}`)],
    ['a chunk of an impossible size before the key', http(`transfer-encoding: chunked\r\n\r\nzz\r\n${issued}}\r\n`)],
    ['a header that is none, and holds the key', http(`${key}\u0000: ${key}\r\n\r\n${issued}}`)],
    ['fewer bytes than promised', http(`content-length: 500\r\n\r\n${issued}`)],
  ])('%s', async (_, fault) => {
    const client = createClient({ baseUrl: proxy.url, token, attemptTimeoutMs: 500, maxAttempts: 1 });
    proxy.next(fault);
    const error: unknown = await client
      .requestApiKey({ api_key_name: 'MyFirstKey' })
      .catch((reason: unknown) => reason);
    expect(error).toHaveProperty('code');
    expect(error).not.toHaveProperty('cause');
    expectNoSecret(error);
  });

  test('also where it is the key that is sent, and comes back', async () => {
    const client = createClient({ baseUrl: proxy.url, maxAttempts: 1 });
    for (const sent of [key, 'hunter2-in-another-form', 'hunter2\nhunter2']) {
      proxy.next(echoing);
      const error: unknown = await client.verifyApiKey(sent).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expectNoSecret(error);
    }
    proxy.next(); // The last one was never sent.
  });

  test('also where the token cannot be sent', async () => {
    const client = createClient({ baseUrl: proxy.url, token: `${token}\nhunter2` });
    const error: unknown = await client.requestApiKey({ api_key_name: 'a key' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expectNoSecret(error);
  });
});

test('a client shows neither its token nor where it keeps it', async () => {
  const client = createClient({ baseUrl: proxy.url, token });
  await client.requestApiKey({ api_key_name: 'a key of the client' });
  expectNoSecret(client);
  for (const method of Object.values(client)) expectNoSecret(method);
});
