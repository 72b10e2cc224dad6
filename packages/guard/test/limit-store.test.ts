import { tiers } from '@andamio/schema/tiers';
import { startRedis } from '@andamio/testing/redis';
import { createClient } from 'redis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { limitByStore, type RateLimitStore } from '../src/limits/limit.ts';
import { OwnerWindow } from '../src/limits/owner-window.ts';
import { Refusal } from '../src/refusal.ts';

const limit = tiers.pioneer.requestsPerMinute;
const minute = 60_000;

describe.skipIf(!inject('available').includes('redis'))('a shared store in Redis', () => {
  /** Starts a Redis server and two guards that count in it. */
  async function start() {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const client = await createClient({ url: redis.url })
      .on('error', () => {})
      .connect();
    onTestFinished(() => client.destroy());
    let windowMs = 0;
    const store: RateLimitStore = {
      init: (options) => {
        windowMs = options.windowMs;
      },
      async increment(key) {
        const totalHits = await client.incr(key);
        if (totalHits === 1) await client.pExpire(key, windowMs);
        return { totalHits, resetTime: new Date(Date.now() + (await client.pTTL(key))) };
      },
    };
    const apiKey = {
      userId: 'owner',
      name: 'name',
      tier: 'pioneer',
      expiresAt: new Date(),
    } as const;
    const errors: Error[] = [];
    function guard() {
      const consume = limitByStore(store, (error) => errors.push(error));
      const window = new OwnerWindow({ limit, remaining: limit, endsAt: minute });
      /** Sends requests one after the other and returns how many are accepted. */
      return async (requests: number, now: number) => {
        let accepted = 0;
        for (let sent = 0; sent < requests; sent++)
          if (!((await consume(apiKey, window, now)) instanceof Refusal)) accepted++;
        return accepted;
      };
    }
    return { redis, errors, one: guard(), other: guard() };
  }

  test('a store that hangs delays few requests, which each process then counts alone', async () => {
    const { redis, errors, one, other } = await start();
    expect(await one(limit / 2, 0)).toBe(limit / 2);
    redis.signal('SIGSTOP');
    const startedAt = performance.now();
    expect(await one(limit + 5, 0), 'in this process').toBe(limit);
    expect(await other(limit + 5, 0), 'in the other one').toBe(limit);
    // One request of each process waits for 300 ms.
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(errors.map(({ message }) => message)).toEqual(
      Array(2).fill('The rate limit store failed; requests are counted in this process only.'),
    );
  });

  test('requests are counted in the store again a moment after it has resumed', async () => {
    const { redis, errors, one, other } = await start();
    redis.signal('SIGSTOP');
    await Promise.all([one(1, 0), one(1, 0)]);
    expect(errors, 'requests that wait together are reported once').toHaveLength(1);
    redis.signal('SIGCONT');
    // The store also counts the two requests that it received while it hung.
    const rest = limit - 2;
    expect((await one(limit, 2_000)) + (await other(limit, 2_000))).toBe(rest);
    expect(errors).toHaveLength(1);
  });
});
