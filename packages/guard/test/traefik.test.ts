import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isKey, makeKey } from '@andamio/schema/key-format';
import { freePort } from '@andamio/testing/free-port';
import { waitFor } from '@andamio/testing/wait-for';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { expectRefusal } from './harness/expect-refusal.ts';
import { publishedHost, startEchoApp, startProxy, temporaryFolder } from './harness/proxy.ts';
import { askWithLines, forgedIdentity, guardSecret } from './harness/proxy-contract.ts';
import {
  type Answering,
  answering,
  breaking,
  failing,
  identity,
  startVerifyServer,
  type VerifyServer,
  valid,
} from './harness/verify-server.ts';

const document = readFileSync(new URL('../../../docs/protect.md', import.meta.url), 'utf8');
const middlewares = /```yaml\n([\s\S]*?)```/.exec(document)?.[1] ?? '';

/** Starts Traefik with the document's middlewares in front of an application. Returns its URL. */
async function startTraefik(serviceUrl: string, applicationPort: number): Promise<string> {
  const port = await freePort();
  const file = join(temporaryFolder('traefik-'), 'dynamic.yaml');
  writeFileSync(
    file,
    `${middlewares.replace(`https://${publishedHost}`, serviceUrl)}
  routers:
    application:
      entryPoints: [web]
      rule: PathPrefix(\`/\`)
      middlewares: [apikey]
      service: application
  services:
    application:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${applicationPort}
`,
  );
  const args = [
    `--entryPoints.web.address=127.0.0.1:${port}`,
    `--providers.file.filename=${file}`,
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
    '--log.level=ERROR',
  ];
  const url = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env['PATH'], ANDAMIO_GUARD_SECRET: guardSecret };
  await startProxy({ name: 'Traefik', command: 'traefik', args, env, readyUrl: url });
  return url;
}

describe.skipIf(!inject('available').includes('traefik'))(
  'the configuration for Traefik, by a real Traefik',
  () => {
    let service: VerifyServer;
    let url: string;
    beforeAll(async () => {
      service = await startVerifyServer();
      url = await startTraefik(service.url, await startEchoApp());
      await waitFor('Traefik to load its configuration', async () => {
        const { status } = await fetch(url, { headers: { 'X-API-Key': makeKey() } });
        return status === 200;
      });
    });
    beforeEach(() => {
      service.received.length = 0;
      service.next(valid());
    });

    async function ask() {
      const headers = { 'X-API-Key': makeKey() };
      const response = await fetch(url, { headers, redirect: 'manual' });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text };
    }

    test('Traefik tells the application whose key it was, and forwards no identity that a client claims', async () => {
      const headers = { 'X-API-Key': makeKey(), ...forgedIdentity };
      const { status, body } = await askWithLines(url, headers);
      expect(status).toBe(200);
      const each = Object.entries(identity).map(([name, value]) => [name, [value]]);
      expect(body['identity']).toEqual(Object.fromEntries(each));
    });

    test('Traefik forwards no identity at all if the client names the headers in Connection', async () => {
      const connection = Object.keys(identity).join(', ');
      const headers = { 'X-API-Key': makeKey(), ...forgedIdentity, Connection: connection };
      expect(await askWithLines(url, headers)).toMatchObject({
        status: 200,
        body: { identity: {} },
      });
    });

    test("Traefik sends the service the key, Traefik's own secret and no other secret", async () => {
      const key = makeKey();
      const headers = {
        'X-API-Key': key,
        cookie: 'session=1',
        authorization: 'Bearer token',
        'x-guard-secret': 'one',
        'x-cached-answers': '1000',
      };
      await fetch(url, { method: 'POST', headers, body: 'the body' });
      const [asked] = service.received;
      expect(asked).toMatchObject({ method: 'GET', path: '/api/v1/apikey/verify' });
      expect(asked?.headers).toMatchObject({ 'x-api-key': key, 'x-guard-secret': guardSecret });
      for (const name of ['cookie', 'authorization', 'x-cached-answers'])
        expect(asked?.headers).not.toHaveProperty(name);
    });

    test('Traefik sends two keys of a request as one value, which is not a valid key', async () => {
      service.next(failing('invalid_key'));
      const { status } = await askWithLines(url, { 'X-API-Key': [makeKey(), makeKey()] });
      expect(status).toBe(401);
      expect(isKey(service.received[0]?.headers['x-api-key'] as string)).toBe(false);
    });

    test.each([
      'invalid_key',
      'rate_limited',
      'quota_exceeded',
      'verification_unavailable',
    ] as const)('Traefik forwards the error %s of the service', async (code) => {
      const limits = { 'retry-after': '17', 'x-ratelimit-remaining': '0' };
      service.next(failing(code, limits));
      const { text, ...answer } = await ask();
      expectRefusal({ ...answer, body: JSON.parse(text) }, code);
      expect(Object.fromEntries(answer.headers)).toMatchObject(limits);
    });

    test.each<[string, Answering, number]>([
      ['the connection to the service breaks', breaking, 500],
      ['another server redirects', answering(302, { Location: 'https://login.example' }, ''), 302],
      ['another server fails', answering(502, {}, '<html>'), 502],
    ])('Traefik accepts no request if %s', async (_what, fault, status) => {
      service.next(fault);
      const answer = await ask();
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('"app"');
    });
  },
);
