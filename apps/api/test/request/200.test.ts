import { isKey } from '@andamio/schema/key-format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { requestKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

describe('200: a key is issued', () => {
  let app: TestApp;
  const now = () => Date.UTC(2025, 7, 31, 23, 59, 59, 999);
  const token = (sub: string) => tokenFor(sub, { iat: now() / 1000, exp: now() / 1000 + 60 });

  beforeAll(async () => {
    app = await startApp({ now });
  });
  afterAll(() => app.close());

  test('the answer has the six published fields and nothing else', async () => {
    const { status, body } = await requestKey(app.url, { api_key_name: 'MyFirstKey' }, { token: token('six') });
    expect(status).toBe(200);
    expect(body).toEqual({
      api_key: expect.stringMatching(/^ant-[0-9A-Za-z]{40}$/),
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
      expires_in_days: 365,
      is_active: true,
      name: 'MyFirstKey',
    });
    expect(isKey(body['api_key'] as string)).toBe(true);
  });
});
