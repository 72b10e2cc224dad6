import { makeKey } from '@andamio/schema/key-format';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { client, limited } from '../../test/harness/controlled-ask.ts';
import { Refusal } from '../refusal.ts';
import type { Source } from '../source.ts';
import { readAnswer } from './answer.ts';
import { verifyWay } from './way.ts';

const limit = 20;
const startedAt = Date.parse('2025-08-31T23:59:59.700Z');

/**
 * Counts as the service does: a minute begins with the first question after the last one's end, and is told in whole seconds; a report counts
 * like so many requests, up to what is left.
 */
function countingService(now: () => number, tells: boolean): Source & { close(): Promise<void> } {
  let resetAt = 0;
  let count = 0;
  return {
    counts: true,
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
        ...(tells && {
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
      return readAnswer({ status: 200, headers, body }, now());
    },
  };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** How many requests of each minute are let in where one comes after each interval, for half an hour. */
async function letInWith(interval: number, tells = true): Promise<{ letIn: number[]; refused: number }> {
  const beganAt = Date.now();
  const now = () => Date.now() - beganAt;
  const way = verifyWay({ service: countingService(now, tells), closeWithin: 1_000, now });
  onTestFinished(() => way.close());
  const key = makeKey();
  const letIn = Array<number>(30).fill(0);
  let refused = 0;
  while (now() < letIn.length * rateLimitWindow) {
    const minute = Math.floor(now() / rateLimitWindow);
    if ((await way.check(key, client)) instanceof Refusal) refused++;
    else letIn[minute] = (letIn[minute] ?? 0) + 1;
    await vi.advanceTimersByTimeAsync(interval);
  }
  return { letIn, refused };
}

test.each([3_160, 3_220, 4_000, 10_000])(
  'an owner who sends a request every %i ms, fewer than the allowed 20 a minute, is never refused',
  async (interval) => {
    expect((await letInWith(interval)).refused).toBe(0);
  },
);

test('neither is one of whose minute nothing is told, since something on the way has removed the headers', async () => {
  expect((await letInWith(4_000, false)).refused).toBe(0);
});

test('an owner who sends far more has the limit in every minute, and the few that are asked about come on top', async () => {
  for (const letIn of (await letInWith(500)).letIn) {
    expect(letIn).toBeGreaterThanOrEqual(limit);
    expect(letIn).toBeLessThanOrEqual(limit + 6);
  }
});
