import { logEvents } from '@andamio/schema/log-events';
import { type Redis, startRedis } from '@andamio/testing/redis';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { getUsage, newKey, successfulBody, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { temporaryFile } from '../harness/stores.ts';
import { whileRedisResponds } from '../harness/while-redis-responds.ts';

describe.skipIf(!inject('available').includes('redis'))(
  'usage of two processes with Redis and one file',
  () => {
    let redis: Redis;
    let file: string;
    let services: TestProcess[];
    let owner: string;

    const start = () => startProcess({ REDIS_URL: redis.url, SQLITE_PATH: file });

    /** Resolves when both processes count in Redis. Until then, they count in memory. */
    async function untilShared() {
      const client = await createClient({ url: redis.url }).connect();
      for (const { url } of services) {
        await waitFor('the process to count in Redis', async () => {
          const before = await client.keys('usage:*:account:*');
          await verifyKey(url, await newKey(url, `warm-up ${crypto.randomUUID()}`));
          return (await client.keys('usage:*:account:*')).length > before.length;
        });
      }
      client.destroy();
    }

    /** Starts two processes that count in Redis, with a new file and new owners. */
    async function startBoth(started: TestProcess[] = []) {
      file = temporaryFile();
      services = await Promise.all([start(), start()]);
      started.push(...services);
      await untilShared();
      owner = `owner ${crypto.randomUUID()}`;
      return services as [TestProcess, TestProcess];
    }

    beforeEach(async () => {
      redis = await startRedis();
    });
    afterEach(async () => {
      for (const { signal } of services) signal('SIGKILL');
      await redis.stop();
    });

    const consumed = async ({ url }: TestProcess) => {
      const body = successfulBody(
        await getUsage(url, { token: tokenFor(owner, { tier: 'growth' }) }),
      );
      return body['monthly_quota_consumed'] as number; // A day may end while a test runs.
    };
    /** Polls what the owner has consumed, according to a process. */
    const pollConsumed = (service: TestProcess) =>
      expect.poll(() => consumed(service), { interval: 500 });
    /** Sends requests through both processes in turn. Returns the number of accepted ones. */
    async function use(key: string, requests: number, parallel = true) {
      const send = async (index: number) =>
        (await verifyKey((services[index % services.length] as TestProcess).url, key)).status;
      const statuses: number[] = [];
      if (parallel) {
        statuses.push(
          ...(await Promise.all(Array.from({ length: requests }, (_, at) => send(at)))),
        );
      } else for (let index = 0; index < requests; index++) statuses.push(await send(index));
      return statuses.filter((status) => status === 200).length;
    }

    test('two processes with Redis together allow exactly the rest of a daily quota', () =>
      whileRedisResponds(async (started) => {
        const [one] = await startBoth(started);
        const key = await newKey(one.url, owner, { tier: 'growth' });
        const store = createSqliteStore(file, Date.now);
        await store.addUsage({
          ...{ userId: owner, day: new Date().toISOString().slice(0, 10), instance: 'seed' },
          ...{ number: 1, isRepeated: false, counts: new Map([['name', 24_900]]) },
          lastUses: new Map(),
        });
        await store.close();
        // The totals are read after the first request.
        expect(await use(key, 10, false)).toBe(10);
        expect(await use(key, 200)).toBe(90);
      }));

    test('a process stores what killed processes counted, when the owner reads the usage', () =>
      whileRedisResponds(async (started) => {
        const [one] = await startBoth(started);
        const key = await newKey(one.url, owner, { tier: 'growth' });
        expect(await use(key, 60)).toBe(60);
        await Promise.all(services.map(({ stop }) => stop('SIGKILL')));
        services = [await start()];
        started.push(...services);
        const [survivor] = services as [TestProcess];
        await pollConsumed(survivor).toBe(60);
        await untilShared();
        expect(await use(key, 5)).toBe(5);
        await pollConsumed(survivor).toBe(65);
      }));

    test('loses only unstored usage when Redis is killed and comes back empty', async () => {
      const [one, other] = await startBoth();
      const key = await newKey(one.url, owner, { tier: 'growth' });
      expect(await use(key, 20)).toBe(20);
      await pollConsumed(other).toBe(20);
      expect(await use(key, 10)).toBe(10);
      await redis.stop();
      await waitFor('both processes to notice', () =>
        services.every(({ logged }) => logged(logEvents.redisUnavailable) !== undefined),
      );
      expect(await use(key, 30), 'each process counts alone').toBe(30);
      redis = await startRedis(redis.port);
      await untilShared();
      expect(await use(key, 7)).toBe(7);
      const withoutTheTen = 20 + 30 + 7;
      await pollConsumed(other).toBe(withoutTheTen);
    });
  },
);
