import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('enforcing limits', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test.each([
    ['pioneer', 1],
    ['starter', 2],
    ['growth', 5],
  ])('request lets a %s hold at most %i keys', async (tier, maximum) => {
    const token = tokenFor(`maximum of ${tier}`, { tier });
    for (let held = 0; held < maximum; held++) {
      expect((await requestKey(app.url, { api_key_name: `key ${held}` }, { token })).status).toBe(
        200,
      );
    }
    const answer = await requestKey(app.url, { api_key_name: 'one more' }, { token });
    expectError(answer, 429, 'key_limit_reached');
    expect(answer.body['details']).toBe(
      'Key limit: you have as many active keys as your tier allows. Delete a key; waiting does not help.',
    );
    expect(answer.headers.has('retry-after'), 'waiting does not help').toBe(false);
    expect(
      Number(answer.headers.get('x-ratelimit-remaining')),
      'the rate limit is not exhausted',
    ).toBeGreaterThan(0);
  });

  test('request issues exactly the maximum of keys to concurrent requests', async () => {
    const token = tokenFor('at once', { tier: 'growth' });
    const names = Array.from({ length: 40 }, (_, index) => `at once ${index}`);
    const answers = await Promise.all(
      names.map((name) => requestKey(app.url, { api_key_name: name }, { token })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expectError(answer, 429, 'key_limit_reached');
  });

  test('request treats a token without tier as pioneer', async () => {
    const token = tokenFor('no tier', { tier: undefined });
    expect((await requestKey(app.url, { api_key_name: 'first' }, { token })).status).toBe(200);
    expectError(
      await requestKey(app.url, { api_key_name: 'second' }, { token }),
      429,
      'key_limit_reached',
    );
  });

  test('request responds with 429 and Retry-After when the rate limit is exceeded', async () => {
    const token = tokenFor('hasty', { tier: 'pioneer' });
    const ask = () => requestKey(app.url, {}, { token });
    for (let sent = 0; sent < 20; sent++) expect((await ask()).status).toBe(400);
    const answer = await ask();
    expectError(answer, 429, 'rate_limited');
    expect(answer.body['details']).toBe(
      'Rate limit: too many requests. Retry after the time in Retry-After.',
    );
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(answer.headers.get('x-ratelimit-limit')).toBe('20');
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    const reset = Number(answer.headers.get('x-ratelimit-reset'));
    expect(Math.abs(reset - (Date.now() / 1000 + seconds)), 'both headers agree').toBeLessThan(3);
  });
});
