import { readFileSync } from 'node:fs';
import { isKey, makeKey } from '@andamio/schema/key-format';
import { describe, expect, inject, test } from 'vitest';
import { withCaddyBodies } from '../scripts/error-bodies.ts';
import { startCaddy } from './harness/caddy.ts';
import { publishedHost } from './harness/proxy.ts';
import { askWithLines, guardSecret, testProxy } from './harness/proxy-contract.ts';
import { answering, failing } from './harness/verify-server.ts';

describe.skipIf(!inject('available').includes('caddy'))(
  'caddy/apikey.caddy, by a real Caddy',
  () => {
    const caddy = testProxy('Caddy', startCaddy);

    test('sends two keys of a request as one value, which is not a valid key', async () => {
      caddy().service.next(failing('invalid_key'));
      const headers = { 'X-API-Key': [makeKey(), makeKey()] };
      expect((await askWithLines(caddy().url, headers)).status).toBe(401);
      const [asked] = caddy().front.received;
      expect(isKey(asked?.headers['x-api-key'] as string)).toBe(false);
    });

    test("sends the service the key, Caddy's own secret and no other secret", async () => {
      const key = makeKey();
      const headers = {
        'X-API-Key': key,
        cookie: 'session=1',
        authorization: 'Bearer token',
        'x-guard-secret': 'one',
        'x-cached-answers': '1000',
        'x-api-key-user': 'mallory',
      };
      await caddy().ask('/orders?page=2', { method: 'POST', headers, body: 'the body' });
      const [asked] = caddy().front.received;
      expect(asked).toMatchObject({ method: 'HEAD', path: '/api/v1/apikey/verify', body: '' });
      expect(asked?.headers).toMatchObject({
        host: publishedHost,
        'x-api-key': key,
        'x-guard-secret': guardSecret,
      });
      const sent = Object.keys(asked?.headers ?? {});
      for (const name of ['cookie', 'authorization', 'x-cached-answers', 'x-api-key-user'])
        expect(sent).not.toContain(name);
    });

    test('answers with 503 to a 200 that does not name the owner of the key', async () => {
      caddy().service.next(answering(200, {}, '<html>'));
      expect((await caddy().ask('/')).status).toBe(503);
    });

    test("does not apply the service's transport policy to its own site", async () => {
      caddy().service.next(
        failing('invalid_key', { 'Strict-Transport-Security': 'max-age=31536000' }),
      );
      const { status, headers } = await caddy().ask('/');
      expect(status).toBe(401);
      expect(headers.get('strict-transport-security')).toBeNull();
    });

    test('returns the error of an unreachable application, not a refusal of the key', async () => {
      const response = await fetch(`${caddy().url}/down`, { headers: { 'X-API-Key': makeKey() } });
      expect(response.status).toBe(502);
      expect(response.headers.get('x-error-code')).toBeNull();
      caddy().service.next(failing('invalid_key'));
      expect((await caddy().ask('/down')).status).toBe(401);
    });
  },
);

test("caddy/apikey.caddy contains the contract's error bodies (if not: npx -y pnpm@12 generate)", () => {
  const committed = readFileSync(new URL('../caddy/apikey.caddy', import.meta.url), 'utf8');
  expect(committed).toBe(withCaddyBodies(committed));
});
