import { type ErrorCode, errorBody } from '@andamio/schema/errors';
import { makeKey } from '@andamio/schema/key-format';
import type { TestProcess } from '@andamio/testing/service-process';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { startCaddy } from './harness/caddy.ts';
import { startEnvoy } from './harness/envoy.ts';
import { expectRefusal } from './harness/expect-refusal.ts';
import { type Answer, startGuarded } from './harness/guarded.ts';
import { startNginx } from './harness/nginx.ts';
import { makeCertificate, startEchoApp } from './harness/proxy.ts';
import type { Surroundings } from './harness/proxy-contract.ts';
import {
  bound,
  issue,
  lastGoodAfterRevocation,
  startService,
  usageStored,
} from './harness/service.ts';
import { startTlsFront } from './harness/tls-front.ts';

describe('a guard that asks the service', () => {
  let service: TestProcess;
  beforeAll(async () => {
    service = await startService();
  });

  test('accepts a key issued by the service', async () => {
    const { get, errors } = await startGuarded({ verify: service.url });
    const { userId, key, expiresAt } = await issue(service);
    for (let sent = 0; sent < 3; sent++) {
      expect(await get(key)).toMatchObject({
        status: 200,
        body: {
          userId,
          name: 'MyFirstKey',
          tier: 'enterprise',
          expiresAt: new Date(expiresAt).toISOString(),
        },
      });
    }
    expect(errors).toEqual([]);
  });

  test("refuses an unknown key with the service's own response", async () => {
    const { get, errors } = await startGuarded({ verify: service.url });
    const headers = { 'X-API-Key': makeKey() };
    const own = await fetch(`${service.url}/api/v1/apikey/verify`, { headers });
    const { details, ...body } = (await own.json()) as { details: string };
    for (const key of [headers['X-API-Key'], 'none']) {
      const answer = await get(key);
      expectRefusal(answer, 'invalid_key');
      // Outside production, the service appends the reason to the details.
      expect(answer.body).toEqual({ ...body, details: details.replace(/ Reason: \w+\.$/, '') });
      expect(answer.headers.get('www-authenticate')).toBe(own.headers.get('www-authenticate'));
    }
    expect(errors).toEqual([]);
  });

  test('refuses a deleted key within the cache time under continuous requests', async () => {
    const { get } = await startGuarded({ verify: service.url });
    const { key, revoke } = await issue(service);
    expect((await get(key)).status).toBe(200);
    expect(await lastGoodAfterRevocation(() => get(key), revoke)).toBeLessThan(bound * 1000);
  });

  test('answers from its cache under the shortest cache time of the service', async () => {
    const brief = await startService({ VERIFY_CACHE_SECONDS: '1' });
    const { get } = await startGuarded({ verify: brief.url });
    const { key } = await issue(brief);
    expect((await get(key)).status).toBe(200);
    expect((await get(key)).status).toBe(200); // The service has now cached the key.
    brief.signal('SIGSTOP');
    const answer = await get(key).finally(() => brief.signal('SIGCONT'));
    expect(answer.status).toBe(200);
  });

  test('enforces the limit per minute across cached and uncached answers', async () => {
    const { get } = await startGuarded({ verify: service.url });
    const { key } = await issue(service, 'pioneer');
    const answers: Answer[] = [];
    for (let sent = 0; sent < 25; sent++) answers.push(await get(key));
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array(20).fill(200),
      ...Array(5).fill(429),
    ]);
    const refused = answers.at(-1) as Answer;
    expectRefusal(refused, 'rate_limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });

  test('reports every request, including those answered from the cache', async () => {
    const { get, guard } = await startGuarded({ verify: service.url });
    const { key, usedToday } = await issue(service);
    const sent = 200;
    for (let index = 0; index < sent; index++) expect((await get(key)).status).toBe(200);
    await guard.close();
    await expect.poll(usedToday, usageStored).toBe(sent);
  });

  test("forwards the service's rate-limit headers", async () => {
    const { get } = await startGuarded({ verify: service.url });
    const { key } = await issue(service, 'pioneer');
    const headers = { 'X-API-Key': key };
    for (let sent = 0; sent < 20; sent++)
      await fetch(`${service.url}/api/v1/apikey/verify`, { headers });
    const answer = await get(key);
    expectRefusal(answer, 'rate_limited');
    for (const name of [
      'retry-after',
      'x-ratelimit-limit',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
    ]) {
      expect(answer.headers.get(name), name).toMatch(/^\d+$/);
    }
  });
});

describe('a flood of unknown keys from many clients', () => {
  const guardSecret = 'x'.repeat(32);

  /**
   * Sends more unknown keys than the service allows one address, as if they came from many clients.
   */
  async function flood(options: { guardSecret?: string }) {
    const service = await startService({
      GUARD_SECRETS: `${'y'.repeat(32)},${guardSecret}`,
      IP_RATE_LIMIT_PER_MINUTE: '20',
    });
    const guarded = await startGuarded({ verify: service.url, ...options });
    const { key } = await issue(service);
    const other = await issue(service);
    expect((await guarded.get(key)).status).toBe(200);
    const statuses: number[] = [];
    for (let sent = 0; sent < 30; sent++) statuses.push((await guarded.get(makeKey())).status);
    return { ...guarded, key, other, statuses };
  }

  test('a flood of unknown keys does not stop a guard with a secret', async () => {
    const { get, key, other, statuses, errors } = await flood({ guardSecret });
    expect(statuses).toEqual(Array(30).fill(401));
    expect((await get(key)).status).toBe(200);
    expect((await get(other.key)).status).toBe(200);
    expect(errors).toEqual([]);
  });

  test('a flood of unknown keys stops a guard without a secret, except for known valid keys, and reports why', async () => {
    const { get, key, other, statuses, errors } = await flood({});
    expect(statuses).toEqual([...Array(20).fill(401), ...Array(10).fill(503)]);
    expect((await get(key)).status).toBe(200);
    expect((await get(other.key)).status).toBe(503);
    expect(errors.at(-1)?.message).toContain('Set guardSecret to one of its GUARD_SECRETS.');
  });
});

test('a guard uses no expired answer when the service is down', async () => {
  const service = await startService();
  const { get, errors } = await startGuarded({ verify: service.url });
  const { key } = await issue(service);
  expect((await get(key)).status).toBe(200);
  const stop = () => service.stop('SIGKILL');
  expect(await lastGoodAfterRevocation(() => get(key), stop)).toBeLessThan(bound * 1000);
  expectRefusal(await get(key), 'verification_unavailable');
  expect(new Set(errors.map(({ message }) => message))).toEqual(
    new Set(['The request to the key service failed: ECONNREFUSED.']),
  );
});

/** The proxies with their shipped configurations, each in front of the application. */
const proxies = {
  nginx: ({ applicationPort, ...surroundings }: Surroundings) =>
    startNginx({
      ...surroundings,
      locations: `location / { proxy_pass http://127.0.0.1:${applicationPort}; }`,
    }),
  caddy: startCaddy,
  envoy: startEnvoy,
};

describe.each(['nginx', 'caddy', 'envoy'] as const)('%s', (name) => {
  describe.skipIf(!inject('available').includes(name))('that asks the service', () => {
    let service: TestProcess;
    let proxy: string;
    beforeAll(async () => {
      // The service does not know the secret of the proxy, so it limits the proxy's address.
      service = await startService();
      const certificate = makeCertificate();
      const front = await startTlsFront(() => service.url, certificate);
      proxy = await proxies[name]({
        servicePort: front.port,
        certificateFile: certificate.file,
        applicationPort: await startEchoApp(),
      });
    });

    const get = (key?: string) =>
      fetch(proxy, { headers: key === undefined ? {} : { 'X-API-Key': key } });

    /** Asserts that a response has the status, header and body of the given error code. */
    async function expectError(response: Response, code: ErrorCode) {
      const { statusCode, message } = errorBody(code);
      expect(response.status).toBe(statusCode);
      expect(response.headers.get('x-error-code')).toBe(code);
      expect(await response.json()).toMatchObject({ statusCode, message });
    }

    test(`${name} accepts a valid key and refuses others with 401`, async () => {
      expect((await get((await issue(service)).key)).status).toBe(200);
      for (const wrong of [undefined, 'none', makeKey()]) {
        const response = await get(wrong);
        expect(response.headers.get('www-authenticate')).toBe('ApiKey realm="andamio-api"');
        await expectError(response, 'invalid_key');
      }
    });

    test(`${name} refuses a deleted key at once`, async () => {
      const { key, revoke } = await issue(service);
      expect((await get(key)).status).toBe(200);
      await revoke();
      await expectError(await get(key), 'invalid_key');
    });

    test(`${name} answers with 429 over the limit`, async () => {
      const { key } = await issue(service, 'pioneer');
      for (let sent = 0; sent < 20; sent++) expect((await get(key)).status).toBe(200);
      const response = await get(key);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(response.headers.get('x-ratelimit-limit')).toBe('20');
      await expectError(response, 'rate_limited');
    });

    test(`${name} answers with 503 when the service is down`, async () => {
      const { key } = await issue(service);
      await service.stop('SIGKILL');
      await expectError(await get(key), 'verification_unavailable');
    });
  });
});
