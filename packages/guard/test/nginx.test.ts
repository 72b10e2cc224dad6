import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, inject, test } from 'vitest';
import { withNginxBodies } from '../scripts/error-bodies.ts';
import { expectRefusal } from './harness/expect-refusal.ts';
import { startNginx } from './harness/nginx.ts';
import { publishedHost, temporaryFolder } from './harness/proxy.ts';
import { askWithLines, forgedIdentity, guardSecret, testProxy } from './harness/proxy-contract.ts';
import { failing } from './harness/verify-server.ts';

describe.skipIf(!inject('available').includes('nginx'))(
  'nginx/apikey.conf, by a real nginx',
  () => {
    const nginx = testProxy('nginx', ({ applicationPort, ...surroundings }) => {
      const app = `http://127.0.0.1:${applicationPort}`;
      const folder = temporaryFolder('nginx-root-');
      mkdirSync(join(folder, 'folder'));
      writeFileSync(join(folder, 'none'), '');
      return startNginx({
        ...surroundings,
        guardSecret,
        locations: `location / { proxy_pass ${app}; }
                  location /public { auth_request off; proxy_pass ${app}; }
                  location /own-headers { proxy_set_header X-API-Key $http_x_api_key; proxy_set_header X-Own own; proxy_pass ${app}; }
                  location /broken { set $to ""; proxy_pass $to; }
                  location /denied { deny all; proxy_pass ${app}; }
                  location /folder/ { root ${folder}; }
                  location /password { auth_basic "staff"; auth_basic_user_file ${folder}/none; proxy_pass ${app}; }
                  location /intercepted { proxy_intercept_errors on; proxy_pass ${app}; }`,
      });
    });

    test.each(['/', '/own-headers'])(
      'forwards only the verified key of two to the application at %s',
      async (path) => {
        const keys = [makeKey(), makeKey()] as const;
        const { status, body } = await askWithLines(`${nginx().url}${path}`, { 'X-API-Key': keys });
        const verified = nginx().front.received.map(({ headers }) => headers['x-api-key']);
        expect(verified).toHaveLength(1);
        expect(status).toBe(200);
        expect(body).toMatchObject({ keys: verified });
      },
    );

    test("sends the service the key, nginx's own secret and nothing else", async () => {
      const key = makeKey();
      const headers = {
        'X-API-Key': key,
        cookie: 'session=1',
        authorization: 'Bearer token',
        'x-guard-secret': 'one',
      };
      await nginx().ask('/orders?page=2', { method: 'POST', headers, body: 'the body' });
      expect(nginx().front.received).toEqual([
        {
          method: 'HEAD',
          path: '/api/v1/apikey/verify',
          headers: { host: publishedHost, 'x-api-key': key, 'x-guard-secret': guardSecret },
          body: '',
        },
      ]);
    });

    test.each(['rate_limited', 'quota_exceeded'] as const)(
      'answers %s with its general details',
      async (code) => {
        const policy = { 'RateLimit-Policy': '"key"; q=20; w=60; pk=:YQ==:' };
        nginx().service.next(failing(code, policy, 'Quota: 500 requests a day.'));
        expectRefusal(await nginx().ask('/'), code);
      },
    );

    test('verifies the key of each request again', async () => {
      const init = { headers: { 'X-API-Key': makeKey() } };
      expect((await nginx().ask('/', init)).status).toBe(200);
      nginx().service.next(failing('invalid_key'));
      expect((await nginx().ask('/', init)).status).toBe(401);
    });

    test.each([
      ['the error of a location with deny', '/denied', 403],
      ['the error of a folder without an index', '/folder/', 403],
      ['the error of a location with a password', '/password', 401],
      ['an intercepted error of the application: 401', '/intercepted/status/401', 401],
      ['an intercepted error of the application: 403', '/intercepted/status/403', 403],
      ['an intercepted error of the application: 500', '/intercepted/status/500', 500],
      ['an internal error of nginx', '/broken', 500],
    ])(
      'returns %s with its own status, not as a refusal of the key',
      async (_what, path, status) => {
        const response = await fetch(`${nginx().url}${path}`, {
          headers: { 'X-API-Key': makeKey() },
        });
        expect(response.status).toBe(status);
        expect(response.headers.get('x-error-code')).toBeNull();
        expect(await response.text()).toContain(`<title>${status} `);
        if (path === '/password')
          expect(response.headers.get('www-authenticate')).toBe('Basic realm="staff"');
      },
    );

    test.each(['/folder/', '/intercepted/status/403', '/broken'])(
      'refuses an invalid key at %s',
      async (path) => {
        nginx().service.next(failing('invalid_key'));
        expectRefusal(await nginx().ask(path), 'invalid_key');
      },
    );

    test('requires no key in a location with auth_request off', async () => {
      expect((await nginx().ask('/public', {})).status).toBe(200);
      expect(nginx().front.received).toEqual([]);
    });

    test('forwards no identity that a client claims in a location with auth_request off', async () => {
      const { status, body } = await askWithLines(`${nginx().url}/public`, forgedIdentity);
      expect(status).toBe(200);
      expect(body['identity']).toEqual({ 'x-api-key-scope': ['everything'] });
    });

    test('does not expose its verification location to clients', async () => {
      const response = await fetch(`${nginx().url}/_apikey/verify`, {
        headers: { 'X-API-Key': makeKey() },
      });
      expect(response.status).toBe(404);
      expect(nginx().front.received).toEqual([]);
    });
  },
);

test("nginx/apikey-http.conf contains the contract's error bodies (if not: npx -y pnpm@12 generate)", () => {
  const committed = readFileSync(new URL('../nginx/apikey-http.conf', import.meta.url), 'utf8');
  expect(committed).toBe(withNginxBodies(committed));
});
