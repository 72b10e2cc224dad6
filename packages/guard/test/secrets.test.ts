import { inspect } from 'node:util';
import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, test } from 'vitest';
import { type ApiKeyGuardOptions, apiKeyGuard } from '../src/index.ts';
import { startGuarded } from './harness/guarded.ts';
import {
  type Answering,
  answering,
  breaking,
  silent,
  startVerifyServer,
  type VerifyServer,
  valid,
} from './harness/verify-server.ts';

const service: VerifyServer = await startVerifyServer();

/** Returns every form in which a log, a debugger or an error report could show a value. */
function shown(value: unknown): string {
  const { stack, cause } = value as Error;
  return [
    inspect(value, { depth: null, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
    stack,
    inspect(cause, { depth: null, showHidden: true }),
  ].join('\n');
}

/** Returns a handler that writes the given bytes as the response. They may be invalid HTTP. */
const writing =
  (bytes: string): Answering =>
  (response) =>
    void response.socket?.end(bytes);

describe('an error shows no key', () => {
  const key = makeKey();
  const secret = key.slice(8);

  test.each<[string, Answering]>([
    ['a broken connection', breaking],
    ['a timeout', silent],
    ['a response that repeats the key', answering(400, { 'X-Error-Code': key }, key)],
    ['JSON that is truncated after the key', answering(200, {}, `{"api_key":"${key}",`)],
    ['a tier that is the key', valid({ tier: key })],
    ['an invalid header', writing(`HTTP/1.1 200 OK\r\n${key}\u0000: ${key}\r\n\r\n`)],
    [
      'an invalid chunk size',
      writing(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${key}`),
    ],
    ['fewer bytes than promised', writing(`HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n${key}`)],
  ])('an error contains no key after %s', async (_what, fault) => {
    service.next(fault);
    const { get, errors } = await startGuarded({ verify: service.url, timeoutMs: 500 });
    const answer = await get(key);
    expect(answer.status).toBe(503);
    expect(errors).toHaveLength(1);
    expect(errors[0]).not.toHaveProperty('cause');
    for (const value of [errors[0], answer.body, [...answer.headers]])
      expect(shown(value)).not.toContain(secret);
  });

  test.each<[string, ApiKeyGuardOptions]>([
    ['a URL with a password', { verify: `https://user:${key}@host` }],
    ['an invalid URL', { verify: key }],
    ['invalid digest keys', { firestore: { project: 'project' }, digestKeys: key }],
  ])('an error contains no key for %s', (_what, options) => {
    const wrong = () => apiKeyGuard(options);
    expect(wrong).toThrow(TypeError);
    expect(wrong).not.toThrow(secret);
  });
});

test('inspecting a guard does not show its cached keys', async () => {
  service.next(valid());
  const key = makeKey();
  const { get, guard } = await startGuarded({ verify: service.url });
  for (let sent = 0; sent < 3; sent++) expect((await get(key)).status).toBe(200);
  expect(shown(guard)).not.toContain(key.slice(8));
});
