import { StoreUnavailableError } from '@andamio/keys/store';
import { makeKey } from '@andamio/schema/key-format';
import { logEvents } from '@andamio/schema/log-events';
import { maximumReportedKeys, reportApiKeys } from '@andamio/schema/operations';
import { getUser, newKey, rollKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { storeWithOneRevocation } from '../harness/store-with-one-revocation.ts';

async function report(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${reportApiKeys.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: JSON.parse(text) as Record<string, unknown>,
  };
}

/** Creates a monotonic clock that advances only while the service waits, or a test lets it. */
function virtualTime() {
  let time = 0;
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { pass, clock: { monotonicNow: () => time, delay: async (left: number) => pass(left) } };
}

/** Starts a service that waits in virtual time. */
const startInVirtualTime = (options: TestAppOptions = {}) =>
  startApp({ ...virtualTime().clock, ...options });

describe('POST /api/v1/apikey/report', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startInVirtualTime();
  });
  afterAll(() => app.close());

  test('revokes the valid keys in a report, and logs how many', async () => {
    const [leaked, other] = [await newKey(app.url, 'one'), await newKey(app.url, 'two')];
    const unknown = makeKey();
    const answer = await report(app.url, { api_keys: [unknown, leaked, 'no key', leaked] });
    expect([answer.status, answer.body]).toEqual([202, reportApiKeys.success.example]);
    expect((await verifyKey(app.url, leaked)).status).toBe(401);
    expect((await verifyKey(app.url, other)).status).toBe(200);
    const lines = app.logged.map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({ ...logEvents.leakedKeysRevoked, keys: 1 }),
    );
    for (const key of [leaked, unknown]) expect(app.logged.join()).not.toContain(key.slice(8));
  });

  test('revokes only the secret that was found', async () => {
    const previous = await newKey(app.url, 'owner of a rolled key');
    const { body } = await rollKey(
      app.url,
      { api_key_name: 'MyFirstKey' },
      { token: tokenFor('owner of a rolled key') },
    );
    await report(app.url, { api_keys: [previous] });
    expect((await verifyKey(app.url, previous)).status).toBe(401);
    expect((await verifyKey(app.url, body['api_key'] as string)).status).toBe(200);
  });

  test('answers the same whether or not keys were valid', async () => {
    const keys = [await newKey(app.url, 'three'), await newKey(app.url, 'four')];
    const answers = await Promise.all([
      report(app.url, { api_keys: keys }),
      report(app.url, { api_keys: [makeKey(), makeKey()] }),
    ]);
    answers.push(await report(app.url, { api_keys: ['no key'] }));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  test.each([
    [0, 1_000],
    [400, 1_000],
    [999, 1_000],
    [1_000, 2_000],
    [1_400, 2_000],
  ])(
    'if the store takes %i ms, answers after %i ms, so that the time does not tell whether a key was valid',
    async (taken, answered) => {
      const { clock, pass } = virtualTime();
      const store = createSqliteStore(':memory:', Date.now);
      const timed = await startApp({ ...clock, store });
      onTestFinished(() => timed.close());
      const key = await newKey(timed.url, 'seven');
      const transact = store.transact.bind(store);
      store.transact = async (scope, decide) => {
        pass(taken);
        return transact(scope, decide);
      };
      const begun = clock.monotonicNow();
      expect((await report(timed.url, { api_keys: [key] })).status).toBe(202);
      expect(clock.monotonicNow() - begun).toBe(answered);
    },
  );

  test.each([
    [{}, 400, 'missing_field', 'api_keys is required.'],
    [{ api_keys: [] }, 422, 'invalid_field', 'api_keys must be a list of 1 to 100 strings.'],
    [{ api_keys: 'ant-' }, 422, 'invalid_field', 'api_keys must be a list of 1 to 100 strings.'],
    [{ api_keys: [1] }, 422, 'invalid_field', 'Each item of api_keys must be a string.'],
    [
      { api_keys: Array(maximumReportedKeys + 1).fill('x') },
      422,
      'invalid_field',
      'api_keys must be a list of 1 to 100 strings.',
    ],
  ])('refuses the body %j', async (body, status, code, details) => {
    const answer = await report(app.url, body);
    expectError(answer, status, code);
    expect(answer.body['details']).toBe(details);
  });

  const full = () => ({ api_keys: Array.from({ length: maximumReportedKeys }, makeKey) });

  test('limits the reported keys of an address, and does not refuse its other requests', async () => {
    const limited = await startInVirtualTime({ settings: { ipRateLimitPerMinute: 105 } });
    onTestFinished(() => limited.close());
    expect((await report(limited.url, full())).headers.get('x-ratelimit-remaining')).toBe('104');
    const refused = await report(limited.url, full());
    expectError(refused, 429, 'rate_limited');
    expect(refused.headers.get('ratelimit-policy')).toMatch(/^"report"; q=105; w=60;/);
    expect(refused.headers.get('retry-after')).toMatch(/^([1-9]|[1-5]\d|60)$/);
    const six = { api_keys: Array.from({ length: 6 }, makeKey) };
    expect((await report(limited.url, six)).status, 'a refused report counts none').toBe(202);
    expect((await getUser(limited.url, { token: tokenFor('neighbor') })).status).toBe(200);
    for (let sent = 0; sent < 105; sent++) await verifyKey(limited.url, makeKey());
    expectError(await report(limited.url, { api_keys: [makeKey()] }), 429, 'rate_limited');
  });

  test('accepts a full report although an address may send fewer requests a minute', async () => {
    const limited = await startInVirtualTime({ settings: { ipRateLimitPerMinute: 10 } });
    onTestFinished(() => limited.close());
    expect((await report(limited.url, full())).status).toBe(202);
    expectError(await report(limited.url, full()), 429, 'rate_limited');
  });

  /**
   * Sends reports at once, each from a client address, to a service of its own. The service holds
   * the reports that it handles until it has refused the given number of others.
   */
  async function reportAtOnce(addresses: readonly string[], refused: number) {
    const store = createSqliteStore(':memory:', Date.now);
    const own = await startInVirtualTime({ store, settings: { trustProxyHops: 1 } });
    onTestFinished(() => own.close());
    const othersRefused = Promise.withResolvers<void>();
    const transact = store.transact.bind(store);
    store.transact = async (scope, decide) => {
      await othersRefused.promise;
      return transact(scope, decide);
    };
    let refusedSoFar = 0;
    const answers = await Promise.all(
      addresses.map(async (address) => {
        const body = { api_keys: [makeKey()] };
        const answer = await report(own.url, body, { 'x-forwarded-for': address });
        if (answer.status === 429 && ++refusedSoFar === refused) othersRefused.resolve();
        return answer;
      }),
    );
    for (const { status, headers } of answers)
      expect(headers.get('retry-after')).toBe(status === 429 ? '1' : null);
    return answers.map(({ status }) => status);
  }

  test('handles at most eight reports at once', async () => {
    const addresses = Array.from({ length: 12 }, (_, index) => `203.0.113.${index}`);
    const statuses = await reportAtOnce(addresses, 4);
    expect(statuses.filter((status) => status === 202)).toHaveLength(8);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
  });

  test('handles at most two reports of one address at once, so that others find a free place', async () => {
    const flood = Array.from({ length: 100 }, (_, index) => `2001:db8:1:200::${index + 1}`);
    const statuses = await reportAtOnce([...flood, '203.0.113.7'], 98);
    expect(statuses.pop()).toBe(202);
    expect(statuses.filter((status) => status === 202)).toHaveLength(2);
    expect(statuses.filter((status) => status === 429)).toHaveLength(98);
  });

  test('counts no keys of a report that finds no place, so that it is accepted when it is sent again', async () => {
    const store = createSqliteStore(':memory:', Date.now);
    const own = await startInVirtualTime({ store, settings: { ipRateLimitPerMinute: 100 } });
    onTestFinished(() => own.close());
    const released = Promise.withResolvers<void>();
    const transact = store.transact.bind(store);
    let held = 0;
    store.transact = async (scope, decide) => {
      held++;
      await released.promise;
      return transact(scope, decide);
    };
    const others = [0, 1].map(() => report(own.url, { api_keys: [makeKey()] }));
    await waitFor('two reports to be handled', () => held === 2);
    const full = { api_keys: Array.from({ length: maximumReportedKeys }, () => makeKey()) };
    const refused = await report(own.url, full);
    expectError(refused, 429, 'rate_limited');
    expect(refused.headers.get('retry-after')).toBe('1');
    released.resolve();
    await Promise.all(others);
    expect((await report(own.url, full)).status).toBe(202);
    expectError(await report(own.url, full), 429, 'rate_limited');
  });

  test('frees the places of an address when its reports are answered', async () => {
    for (let sent = 0; sent < 3; sent++)
      expect((await report(app.url, { api_keys: ['no key'] })).status).toBe(202);
  });

  test('answers 500 if the store fails, without telling whether a key was valid', async () => {
    const store = createSqliteStore(':memory:', Date.now);
    const broken = await startInVirtualTime({ store });
    onTestFinished(() => broken.close());
    const key = await newKey(broken.url, 'five');
    store.transact = () => Promise.reject(new StoreUnavailableError('It is down.'));
    const answers = [
      await report(broken.url, { api_keys: [key] }),
      await report(broken.url, { api_keys: [makeKey()] }),
    ];
    for (const answer of answers) expectError(answer, 500, 'internal');
  });

  test('logs how many keys a report revoked, even if others could not be revoked', async () => {
    const failing = await startInVirtualTime({ store: storeWithOneRevocation() });
    onTestFinished(() => failing.close());
    const leaked = await newKey(failing.url, 'six');
    expectError(await report(failing.url, { api_keys: [leaked, makeKey()] }), 500, 'internal');
    expect((await verifyKey(failing.url, leaked)).status).toBe(401);
    expect(failing.logged.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ ...logEvents.leakedKeysRevoked, keys: 1 }),
    );
  });

  test('does not exist unless KEY_REPORTS is on', async () => {
    const off = await startInVirtualTime({ settings: { keyReports: false } });
    onTestFinished(() => off.close());
    expectError(await report(off.url, { api_keys: [makeKey()] }), 404, 'not_found');
  });

  test('a report without a token revokes the key of a user, who sees that it is gone', async () => {
    const key = await newKey(app.url, 'user whose key leaked');
    await report(app.url, { api_keys: [key] });
    const { body } = await getUser(app.url, { token: tokenFor('user whose key leaked') });
    expect(body['active_keys']).toEqual([]);
  });
});
