import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { isKey, makeKey } from '@andamio/schema/key-format';
import { describe, expect, inject, test } from 'vitest';
import { withEnvoyBody } from '../scripts/error-bodies.ts';
import { startEnvoy } from './harness/envoy.ts';
import { publishedHost } from './harness/proxy.ts';
import { guardSecret, testProxy } from './harness/proxy-contract.ts';

describe.skipIf(!inject('available').includes('envoy'))('envoy/envoy.yaml, by a real Envoy', () => {
  const envoy = testProxy('Envoy', startEnvoy);

  test('sends two keys of a request as one value, which is not a valid key', async () => {
    const headers = { 'X-API-Key': [makeKey(), makeKey()] };
    await new Promise((resolve, reject) => {
      request(envoy().url, { headers }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    const { received } = envoy().front;
    const [asked] = received;
    expect(received).toHaveLength(1);
    expect(isKey(asked?.headers['x-api-key'] as string)).toBe(false);
  });

  test("sends the service the key, Envoy's own secret and no other secret", async () => {
    const key = makeKey();
    const headers = {
      'X-API-Key': key,
      cookie: 'session=1',
      authorization: 'Bearer token',
      'x-guard-secret': 'one',
    };
    await envoy().ask('/orders', { method: 'POST', headers, body: 'the body' });
    expect(envoy().front.received).toEqual([
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
});

test("envoy/envoy.yaml contains the contract's error body (if not: npx -y pnpm@12 generate)", () => {
  const committed = readFileSync(new URL('../envoy/envoy.yaml', import.meta.url), 'utf8');
  expect(committed).toBe(withEnvoyBody(committed));
});
