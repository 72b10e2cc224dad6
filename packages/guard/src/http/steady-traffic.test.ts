import { makeKey } from '@andamio/schema/key-format';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { client, limited } from '../../test/harness/controlled-ask.ts';
import type { KeySource } from '../key-source.ts';
import { Refusal } from '../refusal.ts';
import { readResponse } from './response.ts';
import { httpStrategy } from './strategy.ts';

const limit = 20;
const startedAt = Date.parse('2025-08-31T23:59:59.700Z');

/**
 * Creates a fake service that counts requests as the real one does.
 *
 * A window starts with the first request after the previous window ended. The service reports the
 * window's end in whole seconds. A usage report counts as many requests as it states, but no more
 * than remain in the window.
 */
function countingService(
  now: () => number,
  sendsHeaders: boolean,
): KeySource & { close(): Promise<void> } {
  let resetAt = 0;
  let count = 0;
  return {
    countsRequests: true,
    close: async () => {},
    async ask(_key, cachedAnswers) {
      const present = startedAt + now();
      if (present >= resetAt) {
        resetAt = present + rateLimitWindow;
        count = 0;
      }
      if (count >= limit) return limited;
      count = Math.min(limit, count + 1 + cachedAnswers);
      const headers = {
        date: new Date(present).toUTCString(),
        'cache-control': 'private, max-age=10',
        ...(sendsHeaders && {
          'x-ratelimit-limit': `${limit}`,
          'x-ratelimit-remaining': `${limit - count}`,
          'x-ratelimit-reset': `${Math.ceil(resetAt / 1000)}`,
        }),
      };
      const body = {
        user_id: 'ada',
        name: 'MyFirstKey',
        tier: 'pioneer',
        created_at: '2025-08-31T23:59:59Z',
        expires_at: '2099-08-31T23:59:59Z',
      };
      return readResponse({ status: 200, headers, body }, now());
    },
  };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/**
 * Sends requests at a fixed interval for half an hour. Returns the number of accepted requests in
 * each minute and the total number of refusals.
 */
async function allowedWith(
  interval: number,
  sendsHeaders = true,
): Promise<{ allowed: number[]; refused: number }> {
  const beganAt = Date.now();
  const now = () => Date.now() - beganAt;
  const strategy = httpStrategy({
    service: countingService(now, sendsHeaders),
    closeWithin: 1_000,
    now,
  });
  onTestFinished(() => strategy.close());
  const key = makeKey();
  const allowed = Array<number>(30).fill(0);
  let refused = 0;
  while (now() < allowed.length * rateLimitWindow) {
    const minute = Math.floor(now() / rateLimitWindow);
    if ((await strategy.check(key, client)) instanceof Refusal) refused++;
    else allowed[minute] = (allowed[minute] ?? 0) + 1;
    await vi.advanceTimersByTimeAsync(interval);
  }
  return { allowed, refused };
}

test.each([3_160, 3_220, 4_000, 10_000])(
  'never refuses an owner who sends a request every %i ms, below the limit of 20 per minute',
  async (interval) => {
    expect((await allowedWith(interval)).refused).toBe(0);
  },
);

test('never refuses an owner below the limit when a proxy removes the rate-limit headers', async () => {
  expect((await allowedWith(4_000, false)).refused).toBe(0);
});

test('accepts the limit in every minute from an owner above it, plus the few requests that are lookups', async () => {
  for (const allowed of (await allowedWith(500)).allowed) {
    expect(allowed).toBeGreaterThanOrEqual(limit);
    expect(allowed).toBeLessThanOrEqual(limit + 6);
  }
});
