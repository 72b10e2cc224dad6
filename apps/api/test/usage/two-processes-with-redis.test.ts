import { logEvents } from '@andamio/schema/log-events';
import { type Redis, startRedis } from '@andamio/testing/redis';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { getUsage, newKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { temporaryFile } from '../harness/stores.ts';

describe.skipIf(!inject('available').includes('redis'))(
  'usage of two processes with Redis and one file',
  () => {
    let redis: Redis;
    let file: string;
    let services: TestProcess[];

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

    beforeEach(async () => {
      redis = await startRedis();
      file = temporaryFile();
      services = await Promise.all([start(), start()]);
      await untilShared();
    });
    afterEach(async () => {
      for (const { signal } of services) signal('SIGKILL');
      await redis.stop();
    });

    const consumed = async ({ url }: TestProcess, sub: string) => {
      const { body } = await getUsage(url, { token: tokenFor(sub, { tier: 'growth' }) });
      return body['monthly_quota_consumed'] as number; // A day may end while a test runs.
    };
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

    test('two processes with Redis together allow exactly the rest of a daily quota', async () => {
      const [one] = services as [TestProcess];
      const key = await newKey(one.url, 'owner', { tier: 'growth' });
      const store = createSqliteStore(file, Date.now);
      await store.addUsage({
        ...{ userId: 'owner', day: new Date().toISOString().slice(0, 10), instance: 'seed' },
        ...{ number: 1, isRepeated: false, counts: new Map([['name', 24_900]]) },
        lastUses: new Map(),
      });
      await store.close();
      // The totals are read after the first request.
      expect(await use(key, 10, false)).toBe(10);
      expect(await use(key, 200)).toBe(90);
    });

    test('a process stores what killed processes counted, when the owner reads the usage', async () => {
      const [one] = services as [TestProcess];
      const key = await newKey(one.url, 'owner', { tier: 'growth' });
      expect(await use(key, 60)).toBe(60);
      await Promise.all(services.map(({ stop }) => stop('SIGKILL')));
      services = [await start()];
      const [survivor] = services as [TestProcess];
      await waitFor('the usage', async () => (await consumed(survivor, 'owner')) === 60);
      await untilShared();
      expect(await use(key, 5)).toBe(5);
      await waitFor('further usage', async () => (await consumed(survivor, 'owner')) === 65);
    });

    test('loses only unstored usage when Redis is killed and comes back empty', async () => {
      const [one, other] = services as [TestProcess, TestProcess];
      const key = await newKey(one.url, 'owner', { tier: 'growth' });
      expect(await use(key, 20)).toBe(20);
      await waitFor('the usage', async () => (await consumed(other, 'owner')) === 20);
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
      await waitFor('the usage', async () => (await consumed(other, 'owner')) === withoutTheTen);
    });
  },
);
