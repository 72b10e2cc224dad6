import { type Redis, startRedis } from '@andamio/testing/redis';
import { redisCommands } from '@andamio/testing/redis-commands';
import { getUsage, newKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { connectCounters } from '../../src/counters/redis-counters.ts';
import { defaultRedisTimes } from '../../src/counters/redis-link.ts';
import { defaultSharedUsageTimes } from '../../src/counters/redis-usage.ts';
import { usageScripts } from '../../src/counters/usage-scripts.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';

const scripts = usageScripts({ ...defaultSharedUsageTimes, minimumAge: 0 });

describe.skipIf(!inject('available').includes('redis'))('verifications with Redis', () => {
  async function startServer(): Promise<Redis> {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    return redis;
  }

  /** Starts the service with counters in Redis. Usage is stored when it is read. */
  async function start(
    redis: Redis,
    store = createSqliteStore(':memory:', Date.now),
    command = 5_000,
  ) {
    const shared = connectCounters(
      { url: redis.url, ca: undefined, auth: 'url' },
      createLog({ level: 'silent', project: undefined }),
      systemClock,
      { ...defaultRedisTimes, command },
      scripts,
    );
    const app = await startApp({
      store,
      createCounters: shared.createCounters,
      redisUsage: shared.usage,
    });
    onTestFinished(async () => {
      await app.close();
      shared.close();
    });
    const warmUp = await newKey(app.url, `warm-up ${crypto.randomUUID()}`);
    await waitFor('the connection to Redis', async () => {
      await verifyKey(app.url, warmUp);
      const client = await createClient({ url: redis.url }).connect();
      const counted = await client.keys('usage:*:account:*');
      client.destroy();
      return counted.length > 0;
    });
    return app;
  }

  /**
   * Records the commands that a server receives from now on, except commands that scripts call and
   * commands that instances send to look for due usage.
   */
  async function commandsTo({ url }: { readonly url: string }): Promise<readonly string[]> {
    const commands: string[] = [];
    const monitor = await createClient({ url }).connect();
    onTestFinished(() => monitor.destroy());
    await monitor.monitor((line) => {
      const isBackground = [scripts.claimDue, scripts.announce].some(({ sha1 }) =>
        line.includes(sha1),
      );
      if (!line.includes(' lua] ') && !isBackground) commands.push(line);
    });
    return commands;
  }

  const consumed = async ({ url }: TestApp, sub: string) => {
    const { body } = await getUsage(url, { token: tokenFor(sub) });
    return body['monthly_quota_consumed'];
  };

  test('a verification of a known key sends exactly one command to Redis', async () => {
    const redis = await startServer();
    const app = await start(redis);
    const key = await newKey(app.url, 'owner', { tier: 'pioneer' });
    await verifyKey(app.url, key);
    const own = await commandsTo(redis);
    const statuses: number[] = [];
    for (let sent = 0; sent < 12; sent++) {
      const headers = sent % 3 === 0 ? { 'x-cached-answers': '2' } : {};
      statuses.push((await verifyKey(app.url, key, { headers })).status);
    }
    for (let sent = 0; sent < 5; sent++) statuses.push((await verifyKey(app.url, key)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(11);
    // Each refused request is also charged to its address.
    const refused = statuses.filter((status) => status === 429).length;
    expect(refused).toBe(6);
    const counting = statuses.length * redisCommands.verification;
    await expect.poll(() => own).toHaveLength(counting + refused);
    expect(own.filter((line) => line.includes(scripts.count.sha1))).toHaveLength(counting);
  });

  test('a verification of a key that is not cached sends two more commands, for its address', async () => {
    const redis = await startServer();
    const app = await start(redis);
    const key = await newKey(app.url, 'owner', { tier: 'pioneer' });
    const own = await commandsTo(redis);
    expect((await verifyKey(app.url, key)).status).toBe(200);
    const { verification, uncachedKey } = redisCommands;
    await expect.poll(() => own).toHaveLength(verification + uncachedKey);
    expect(own.filter((line) => line.includes(scripts.count.sha1))).toHaveLength(1);
  });

  test('responds to limits, quotas and reported usage like a service without Redis', async () => {
    const apps = [await start(await startServer()), await startApp()] as const;
    onTestFinished(() => apps[1].close());
    const answers = await Promise.all(
      apps.map(async (app) => {
        const key = await newKey(app.url, 'owner', { tier: 'pioneer' });
        const seen: unknown[] = [];
        for (const reported of ['0', '0', '5', '', '3', '0', '0', '4', '1000', '0', '7']) {
          const { status, headers, body } = await verifyKey(app.url, key, {
            headers: { 'x-cached-answers': reported },
          });
          const shown = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'ratelimit-policy'];
          seen.push([status, body['error'], ...shown.map((name) => headers.get(name))]);
        }
        await app.storeUsage();
        return { seen, consumed: await consumed(app, 'owner') };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.consumed).toBe(20);
  });

  test('reads the totals of the store, and refuses the first request over the quota', async () => {
    const redis = await startServer();
    const store = createSqliteStore(':memory:', Date.now);
    const day = new Date().toISOString().slice(0, 10);
    await store.addUsage({
      ...{ userId: 'owner', day, instance: 'seed', number: 1, isRepeated: false },
      counts: new Map([['name', 495]]),
      lastUses: new Map(),
    });
    const app = await start(redis, store);
    const key = await newKey(app.url, 'owner', { tier: 'pioneer' });
    const answers: (string | null)[] = [];
    for (let sent = 0; sent < 9; sent++)
      answers.push((await verifyKey(app.url, key)).headers.get('x-error-code'));
    expect(answers).toEqual([...Array(5).fill(null), ...Array(4).fill('quota_exceeded')]);
    expect(await consumed(app, 'owner')).toBe(500);
  });

  test('counts alone while Redis hangs, and stores every request once it resumes', async () => {
    const redis = await startServer();
    const app = await start(redis, undefined, defaultRedisTimes.command);
    const key = await newKey(app.url, 'owner', { tier: 'starter' });
    const use = async (times: number) => {
      const answers = await Promise.all(
        Array.from({ length: times }, () => verifyKey(app.url, key)),
      );
      return answers.filter(({ status }) => status === 200).length;
    };
    expect(await use(5)).toBe(5);
    redis.signal('SIGSTOP');
    // The first ten wait for Redis, which counts them when it resumes.
    expect([await use(10), await use(20)]).toEqual([10, 20]);
    expect(await use(21), 'the instance has its own limit').toBe(20);
    redis.signal('SIGCONT');
    await expect
      .poll(async () => {
        await app.storeUsage();
        return consumed(app, 'owner');
      })
      .toBe(55);
  });
});
