import { deleteKey, getUser, requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('POST /api/v1/apikey/delete', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  const as = (sub: string) => ({ token: tokenFor(sub, { tier: 'pioneer' }) });

  test('delete returns the published confirmation, and frees the name and the place of the key', async () => {
    const first = { api_key_name: 'MyFirstKey' };
    await requestKey(app.url, first, as('one'));
    const answer = await deleteKey(app.url, first, as('one'));
    expect(answer.body).toEqual({ confirmation: 'API key deleted successfully' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await getUser(app.url, as('one'))).body).toMatchObject({
      active_keys: [],
      expired_keys: [],
    });
    expect((await requestKey(app.url, first, as('one'))).status).toBe(200);
    expectError(
      await requestKey(app.url, { api_key_name: 'second' }, as('one')),
      429,
      'key_limit_reached',
    );
  });

  test('delete responds with 404 to a deleted key', async () => {
    await requestKey(app.url, { api_key_name: 'twice' }, as('two'));
    expect((await deleteKey(app.url, { api_key_name: 'twice' }, as('two'))).status).toBe(200);
    expectError(await deleteKey(app.url, { api_key_name: 'twice' }, as('two')), 404, 'no_such_key');
  });

  test('delete ignores fields that name another owner', async () => {
    await requestKey(app.url, { api_key_name: 'theirs' }, as('victim'));
    const body = { api_key_name: 'theirs', user_id: 'victim', sub: 'victim', owner: 'victim' };
    expectError(await deleteKey(app.url, body, as('caller')), 404, 'no_such_key');
    expect((await getUser(app.url, as('victim'))).body['active_keys']).toHaveLength(1);
  });

  test.each(['__proto__', 'constructor', "'; DROP TABLE keys; --", '../../keys', '𝒳'.repeat(100)])(
    'delete accepts the unusual name %s',
    async (name) => {
      await requestKey(app.url, { api_key_name: name }, as(name));
      expect((await deleteKey(app.url, { api_key_name: name }, as(name))).status).toBe(200);
    },
  );
});
