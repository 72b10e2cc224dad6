import { ApiError, type Client } from '@andamio/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Account } from '../src/account/account.ts';
import { english } from '../src/texts.ts';

const newError = ApiError as unknown as new (init: object) => ApiError;
const network = () => new newError({ code: 'network', details: 'No answer.' });

/** Creates an account whose operations are called with a hand-written client. */
const accountOf = (client: object) =>
  new Account(
    (operation) => operation(client as Client),
    () => english,
    () => {},
    () => {},
  );

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('addEventListener', () => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a write that gets no answer is not repeated after the account has ended', async () => {
  const requestApiKey = vi.fn(() => Promise.reject(network()));
  const account = accountOf({ requestApiKey });
  const created = account.create('CI on main', 90, { onRetry: () => {}, idempotencyKey: 'one' });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(requestApiKey).toHaveBeenCalledTimes(2);
  account.end();
  await vi.advanceTimersByTimeAsync(60_000);
  await created;
  expect(requestApiKey).toHaveBeenCalledTimes(2);
});
