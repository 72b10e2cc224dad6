import { type Redis, startRedis } from '@andamio/testing/redis';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { newKey, requestKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Counters } from '../../src/counters/counters.ts';
import { connectCounters, type SharedCounters } from '../../src/counters/redis-counters.ts';
import { createLog } from '../../src/log.ts';
import { whileRedisResponds } from '../harness/while-redis-responds.ts';

describe.skipIf(!inject('available').includes('redis'))('rate limits shared through Redis', () => {
  let redis: Redis;
  let services: TestProcess[] = [];

  beforeEach(async () => {
    redis = await startRedis();
  });
  async function start(started: TestProcess[] = []) {
    services = await Promise.all([0, 1].map(() => startProcess({ REDIS_URL: redis.url })));
    started.push(...services);
    const urls = services.map(({ url: service }) => service) as [string, string];
    await untilCountingTogether(urls);
    return urls;
  }
  afterEach(async () => {
    for (const { signal } of services) signal('SIGKILL');
    await redis.stop();
  });

  const ask = (service: string, sub: string) =>
    requestKey(service, {}, { token: tokenFor(sub, { tier: 'starter' }) });
  /** Waits until both instances are connected to Redis. Until then, they count in memory. */
  function untilCountingTogether([first, second]: readonly [string, string]) {
    return waitFor('both instances to count together', async () => {
      const sub = crypto.randomUUID();
      await ask(first, sub);
      return (await ask(second, sub)).headers.get('x-ratelimit-remaining') === '48';
    });
  }
  const warnings = () =>
    services.map(({ output }) => output().match(/Redis is unavailable/g)?.length ?? 0);

  test('allows exactly 50 of 120 requests of a starter through two instances', () =>
    whileRedisResponds(async (started) => {
      const urls = await start(started);
      const sub = crypto.randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 120 }, (_, index) => ask(urls[index % 2] as string, sub)),
      );
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(50);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(70);
      expect(warnings()).toEqual([0, 0]);
    }));

  test('allows exactly 50 of 120 verifications of all keys of a starter through two instances', () =>
    whileRedisResponds(async (started) => {
      const [first, second] = await start(started);
      const sub = `keys ${crypto.randomUUID()}`;
      const keys = [
        await newKey(first, sub, { tier: 'starter' }, 'one'),
        await newKey(first, sub, { tier: 'starter' }, 'two'),
      ];
      // The instances share Redis but not the database, so the second instance needs its own key of
      // the same owner.
      const other = await newKey(second, sub, { tier: 'starter' });
      const answers = await Promise.all(
        Array.from({ length: 120 }, (_, index) =>
          index % 2 ? verifyKey(second, other) : verifyKey(first, keys[(index / 2) % 2]),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(50);
      expect(
        answers.filter(({ headers }) => headers.get('x-error-code') === 'rate_limited'),
      ).toHaveLength(70);
    }));

  test('counts in memory with one warning while Redis is down, and shares counters when it is back', async () => {
    const [first, second] = await start();
    const { port } = redis;
    await redis.stop();

    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(first, 'alone')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
    expect((await ask(second, 'alone')).headers.get('x-ratelimit-remaining')).toBe('49');
    expect(warnings()).toEqual([1, 1]);

    redis = await startRedis(port);
    await untilCountingTogether([first, second]);
    expect(warnings()).toEqual([1, 1]);
  });
});

describe.skipIf(!inject('available').includes('redis'))('a counter in Redis', () => {
  let redis: Redis;
  let shared: SharedCounters;
  let counters: Counters;
  const client = () => createClient({ url: redis.url }).connect();
  let inspector: Awaited<ReturnType<typeof client>>;

  beforeEach(async () => {
    redis = await startRedis();
    inspector = await client();
    shared = connectCounters(
      { url: redis.url, ca: undefined, auth: 'url' },
      createLog({ level: 'silent', project: undefined }),
      systemClock,
    );
    counters = shared.createCounters('address', 1_000);
    // Until the connection is open, counters are kept in memory.
    await waitFor('a counter in Redis', async () => {
      await counters.increment('warm-up');
      return (await names()).includes('limit:address:warm-up');
    });
  });
  afterEach(async () => {
    shared.close();
    inspector.destroy();
    await redis.stop();
  });

  const names = () => inspector.keys('*');

  test('returns undefined for a counter that does not exist in Redis', async () => {
    expect(await counters.get('unknown')).toBeUndefined();
    await counters.increment('client');
    expect(await counters.get('client')).toMatchObject({ totalHits: 1 });
  });

  test('counts several requests at once in Redis, also in a window that has begun', async () => {
    expect((await counters.increment('client', 5)).totalHits).toBe(5);
    expect((await counters.increment('client', 7)).totalHits).toBe(12);
    expect(await inspector.get('limit:address:client')).toBe('12');
    expect(await inspector.pTTL('limit:address:client')).toBeGreaterThan(0);
  });

  test('counts nothing in Redis beyond a maximum', async () => {
    expect((await counters.increment('client', 3, 2)).totalHits).toBe(3);
    expect(await counters.get('client')).toBeUndefined();
    expect((await counters.increment('client', 2, 2)).totalHits).toBe(2);
    for (let sent = 0; sent < 3; sent++)
      expect((await counters.increment('client', 1, 2)).totalHits).toBe(3);
    expect((await counters.increment('client', 5, 2)).totalHits).toBe(7);
    expect(await inspector.get('limit:address:client')).toBe('2');
  });

  test('removes a counter from Redis when its window ends, even if a refund follows', async () => {
    await counters.increment('client');
    await counters.decrement('client');
    expect(await inspector.get('limit:address:client')).toBe('0');
    await waitFor('the counters to end', async () => (await names()).length === 0);
    await counters.decrement('client');
    expect(await names()).toEqual([]);
  });
});
