import {
  deleteKey,
  getUser,
  requestKey,
  rollKey,
  rotateKey,
} from '@andamio/testing/service-requests';
import { present } from '@andamio/testing/store/commands';
import { withOperations } from '@andamio/testing/store/operations';
import { order } from '@andamio/testing/store/operator';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('a user who is suspended', () => {
  const store = withOperations(createSqliteStore(':memory:', Date.now));
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ store, now: () => present * 1000 });
  });
  afterAll(() => app.close());

  const as = (sub: string) => ({ token: tokenFor(sub, { iat: present, exp: present + 60 }) });
  const key = { api_key_name: 'MyFirstKey' };

  async function suspend(sub: string) {
    await requestKey(app.url, { ...key, expires_in_days: 1 }, as(sub));
    await store.suspend(order({ userId: sub }));
  }

  test.each([
    ['request', requestKey, { api_key_name: 'another' }],
    ['request with a name that is taken', requestKey, key],
    ['rotate', rotateKey, key],
    ['rotate of an unknown name', rotateKey, { api_key_name: 'another' }],
    ['roll', rollKey, key],
  ] as const)('responds with 403 suspended to a suspended user: %s', async (what, call, body) => {
    await suspend(what);
    const answer = await call(app.url, body, as(what));
    expectError(answer, 403, 'suspended');
    expect(answer.body['details']).toMatch(/^Your keys are suspended/);
    await store.resume(order({ userId: what }));
    expect((await call(app.url, body, as(what))).headers.get('x-error-code')).not.toBe('suspended');
  });

  test('does not replay a key to a suspended user', async () => {
    const options = { ...as('repeating'), headers: { 'idempotency-key': 'the-same' } };
    expect((await requestKey(app.url, key, options)).status).toBe(200);
    await store.suspend(order({ userId: 'repeating' }));
    expectError(await requestKey(app.url, key, options), 403, 'suspended');
  });

  test('lets a suspended user list and delete keys', async () => {
    await suspend('reader');
    expect((await getUser(app.url, as('reader'))).body['active_keys']).toMatchObject([
      { name: 'MyFirstKey' },
    ]);
    expect((await deleteKey(app.url, key, as('reader'))).status).toBe(200);
  });

  test('issues no key to a suspended user who has deleted their only key', async () => {
    await suspend('idle');
    expect((await deleteKey(app.url, key, as('idle'))).status).toBe(200);
    expectError(await requestKey(app.url, key, as('idle')), 403, 'suspended');
  });
});
