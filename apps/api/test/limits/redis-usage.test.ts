import { hash } from 'node:crypto';
import { endOfMonth, utcDayNumbered } from '@andamio/keys/usage/calendar';
import { type ClaimedBatch, SharedUsageStorer } from '@andamio/keys/usage/shared';
import type { AddUsageCommand } from '@andamio/keys/usage/store';
import type { TierLimits } from '@andamio/schema/tiers';
import { type Redis, startRedis } from '@andamio/testing/redis';
import { command } from '@andamio/testing/store/commands';
import { withOperations } from '@andamio/testing/store/operations';
import { order } from '@andamio/testing/store/operator';
import { waitFor } from '@andamio/testing/wait-for';
import fc from 'fast-check';
import { createClient } from 'redis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { connectCounters } from '../../src/counters/redis-counters.ts';
import { defaultRedisTimes } from '../../src/counters/redis-link.ts';
import {
  defaultSharedUsageTimes,
  type ReadTotals,
  type RedisUsage,
  type SharedCount,
} from '../../src/counters/redis-usage.ts';
import { type SharedUsageTimes, usageScripts } from '../../src/counters/usage-scripts.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';

/** Times that make batches of usage due immediately, and end claims immediately. */
const noTime: SharedUsageTimes = {
  ...defaultSharedUsageTimes,
  ...{ interval: 0, claim: 0, minimumAge: 0, retention: 60_000 },
};

const limits: TierLimits = {
  requestsPerMinute: 1_000,
  requestsPerDay: 1_000,
  requestsPerMonth: 2_000,
  requestsPerSecond: 0,
  maximumKeys: 1,
};

async function redisServer(...options: readonly string[]): Promise<Redis> {
  const redis = await startRedis(undefined, ...options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function inspect(redis: Redis) {
  const client = await createClient({ url: redis.url }).connect();
  onTestFinished(() => client.destroy());
  return client;
}

type Inspector = Awaited<ReturnType<typeof inspect>>;

async function replaceWithHash(at: string, inspector: Inspector) {
  await inspector.del(at);
  return inspector.hSet(at, 'field', 'value');
}

/**
 * Connects to Redis like an instance of the service. Resolves once requests are counted in Redis.
 */
async function connect(
  url: string,
  times: Partial<SharedUsageTimes> = {},
  time?: string,
  command = 5_000,
  write: (line: string) => void = () => {},
): Promise<RedisUsage> {
  const shared = connectCounters(
    { url, ca: undefined, auth: 'url' },
    createLog({ level: 'info', project: undefined, destination: { write } }),
    systemClock,
    { ...defaultRedisTimes, command, firstPause: 20, longestPause: 50 },
    usageScripts({ ...noTime, ...times }, time),
  );
  onTestFinished(() => shared.close());
  await untilCounting(shared.usage);
  return shared.usage;
}

/** Connects like {@link connect}. Also returns the lines that the instance logs. */
async function connectAndLog(url: string, times: Partial<SharedUsageTimes> = {}) {
  const lines: string[] = [];
  const usage = await connect(url, times, undefined, undefined, (line) => {
    lines.push(line);
  });
  return { usage, lines };
}

type Kind = 'account' | 'open' | 'closed';

/** Returns the names of an owner's Redis keys that exist, of one kind. */
const keysOf = (inspector: Inspector, userId: string, kind: Kind) =>
  inspector.keys(`usage:*:${kind}:${hash('sha256', userId, 'base64url')}`);

/** Returns the name of an owner's Redis key of one kind. The owner must have an account in Redis. */
async function keyOf(inspector: Inspector, userId: string, kind: Kind): Promise<string> {
  const [account = ''] = await keysOf(inspector, userId, 'account');
  return account.replace('account', kind);
}

function untilCounting(usage: RedisUsage): Promise<void> {
  const request = {
    userId: `warm-up ${crypto.randomUUID()}`,
    name: 'name',
    serial: 'serial',
    reported: 0,
    limits,
  };
  return waitFor('Redis', async () => typeof (await usage.count(request)) === 'object');
}

/** Creates an embedded store that records the additions of an owner. */
function createStore() {
  const store = createSqliteStore(':memory:', Date.now);
  onTestFinished(() => store.close());
  const additions: AddUsageCommand[] = [];
  const recording = {
    ...store,
    addUsage(command: AddUsageCommand) {
      if (!command.userId.startsWith('warm-up')) additions.push(command);
      return store.addUsage(command);
    },
  };
  const storerOf = (shared: RedisUsage) =>
    new SharedUsageStorer({
      shared,
      store: recording,
      monotonicNow: () => performance.now(),
      warn: (error) => {
        throw error;
      },
    });
  const today = () => new Date().toISOString().slice(0, 10);
  return {
    store,
    additions,
    storerOf,
    totals: (userId: string, day = today()) => store.readTotals(userId, day),
  };
}

/** Counts a request. Fails if Redis does not count it. */
async function count(
  usage: RedisUsage,
  userId: string,
  more: {
    name?: string;
    serial?: string;
    reported?: number;
    limits?: TierLimits;
    read?: ReadTotals | undefined;
  } = {},
): Promise<SharedCount> {
  const counted = await usage.count({
    userId,
    name: 'name',
    serial: 'serial',
    reported: 0,
    limits,
    ...more,
  });
  if (typeof counted === 'string') throw new Error(counted);
  return counted;
}

describe.skipIf(!inject('available').includes('redis'))('usage in Redis', () => {
  test('one instance stores what two instances counted, with one addition', async () => {
    const redis = await redisServer();
    const times = { interval: 200, claim: 30_000 };
    const instances = [await connect(redis.url, times), await connect(redis.url, times)];
    const { additions, storerOf, totals } = createStore();
    const storers = instances.map(storerOf);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        count(instances[index % 2] as RedisUsage, 'owner', { name: `name ${index % 3}` }),
      ),
    );
    await waitFor('the usage to be stored', async () => {
      await Promise.all(storers.map((storer) => storer.flush()));
      return additions.length > 0;
    });
    expect(await totals('owner')).toEqual({ day: 100, month: 100 });
    expect(additions).toHaveLength(1);
    expect(Object.fromEntries(additions[0]?.counts ?? [])).toEqual({
      'name 0': 34,
      'name 1': 33,
      'name 2': 33,
    });
  });

  test('stores the minute of the last request of each secret with the usage', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const { additions, storerOf } = createStore();
    const before = Math.floor(Date.now() / 60_000);
    for (const serial of ['current', 'previous', 'current'])
      await count(usage, 'owner', { serial });
    await storerOf(usage).flush();
    const after = Math.floor(Date.now() / 60_000);
    expect(additions[0]?.counts).toEqual(new Map([['name', 3]]));
    const lastUses = [...(additions[0]?.lastUses ?? [])];
    expect(lastUses.map(([serial]) => serial).toSorted()).toEqual(['current', 'previous']);
    for (const [, minute] of lastUses) {
      expect(minute).toBeGreaterThanOrEqual(before);
      expect(minute).toBeLessThanOrEqual(after);
    }
  });

  test('keeps nothing of an owner in Redis that does not expire once the usage is stored', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const inspector = await inspect(redis);
    await inspector.flushAll();
    const { storerOf } = createStore();
    await count(usage, 'owner');
    expect((await inspector.keys('*')).toSorted().map((key) => key.split(':').at(3))).toEqual([
      'account',
      'due',
      'open',
    ]);
    await storerOf(usage).flush();
    const left = await inspector.keys('*');
    expect(left.filter((key) => key.includes(':{'))).toHaveLength(1);
    for (const key of left) expect(await inspector.pTTL(key)).toBeGreaterThan(0);
  });

  test('another instance stores a batch whose claim has ended, and it counts once', async () => {
    const redis = await redisServer();
    const [killed, other] = [await connect(redis.url), await connect(redis.url)];
    const { store, storerOf, totals } = createStore();
    for (let sent = 0; sent < 3; sent++) await count(killed, 'owner');
    const isOfOwner = ({ addition }: ClaimedBatch) => addition.userId === 'owner';
    const { addition, confirm } = (await killed.claimDue()).find(isOfOwner) as ClaimedBatch;
    expect(addition).toMatchObject({ isRepeated: true, counts: new Map([['name', 3]]) });
    await store.addUsage(addition);
    await count(other, 'owner');
    await storerOf(other).flush();
    expect(await totals('owner')).toEqual({ day: 4, month: 4 });
    // The first instance was only paused. It continues after the other has claimed the next batch.
    await count(other, 'owner');
    expect((await other.claimDue()).some(isOfOwner)).toBe(true);
    await confirm(await store.addUsage(addition));
    await storerOf(killed).flush();
    expect(await totals('owner')).toEqual({ day: 5, month: 5 });
  });

  test('stores the usage that an owner reads, once it is old enough', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url, { interval: 60_000, minimumAge: 100 });
    const { storerOf, totals } = createStore();
    const storer = storerOf(usage);
    await count(usage, 'owner');
    await storer.flushOwner('owner');
    await waitFor('the usage to be old enough', async () => {
      await storer.flushOwner('owner');
      return (await totals('owner')).day === 1;
    });
    await storer.flushOwner('unknown');
  });

  test('a failover to a replica that lags behind counts nothing twice and keeps the quota', async () => {
    const old = await redisServer('--repl-diskless-sync-delay', '0');
    const successor = await redisServer();
    const proxy = await startTcpProxy(old.port);
    const usage = await connect(`redis://127.0.0.1:${proxy.port}`);
    const { store, storerOf, totals } = createStore();
    const storer = storerOf(usage);
    for (let sent = 0; sent < 5; sent++) await count(usage, 'owner');
    const replica = await inspect(successor);
    await replica.sendCommand(['REPLICAOF', '127.0.0.1', `${old.port}`]);
    await waitFor('the replica to catch up', async () =>
      /master_link_status:up/.test(String(await replica.sendCommand(['INFO', 'replication']))),
    );
    await replica.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    // The replica receives neither the following requests nor the confirmation that they are
    // stored.
    for (let sent = 0; sent < 10; sent++) await count(usage, 'owner');
    await storer.flush();
    expect(await totals('owner')).toEqual({ day: 15, month: 15 });

    proxy.target = successor.port;
    await old.stop();
    await untilCounting(usage);
    const tight = { ...limits, requestsPerDay: 15 };
    const first = await count(usage, 'owner', { limits: tight });
    expect(first.totalsWanted, 'the totals are read again').toBeDefined();
    const read = {
      version: first.totalsWanted as string,
      day: first.day,
      totals: await store.readTotals('owner', utcDayNumbered(first.day)),
    };
    expect((await count(usage, 'owner', { limits: tight, read })).exhausted?.period).toBe('day');
    await storer.flush();
    expect(await totals('owner'), 'the batch is recognized').toEqual({ day: 15, month: 15 });
    await count(usage, 'owner');
    await storer.flush();
    expect(await totals('owner')).toEqual({ day: 16, month: 16 });
  });

  test('a Redis that comes back empty loses only unstored usage, and the quota continues from the store', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const { storerOf, totals, store } = createStore();
    const storer = storerOf(usage);
    for (let sent = 0; sent < 8; sent++) await count(usage, 'owner');
    await storer.flush();
    for (let sent = 0; sent < 3; sent++) await count(usage, 'owner');
    await redis.stop();
    const empty = await startRedis(redis.port);
    onTestFinished(() => empty.stop());
    await untilCounting(usage);
    const tight = { ...limits, requestsPerMonth: 10 };
    const { totalsWanted, day } = await count(usage, 'owner', { limits: tight });
    const read = {
      version: totalsWanted as string,
      day,
      totals: await store.readTotals('owner', utcDayNumbered(day)),
    };
    expect((await count(usage, 'owner', { limits: tight, read })).exhausted).toBeUndefined();
    expect((await count(usage, 'owner', { limits: tight })).exhausted?.period).toBe('month');
    await storer.flush();
    expect(await totals('owner')).toEqual({ day: 10, month: 10 });
  });

  test('a hanging Redis counts what it received when it resumes, and no request twice', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url, {}, undefined, defaultRedisTimes.command);
    const { storerOf, totals } = createStore();
    const request = { userId: 'owner', name: 'name', serial: 'serial', reported: 0, limits };
    redis.signal('SIGSTOP');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => usage.count(request)));
    expect(new Set(outcomes)).toEqual(new Set(['unknown']));
    expect(await usage.count(request)).toBe('uncounted');
    redis.signal('SIGCONT');
    await untilCounting(usage);
    await storerOf(usage).flush();
    expect((await totals('owner')).day).toBe(20);
  });

  test('a refused script counts nothing, so that the instance counts the request', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const inspector = await inspect(redis);
    await inspector.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
    expect(
      await usage.count({ userId: 'owner', name: 'name', serial: 'serial', reported: 0, limits }),
    ).toBe('uncounted');
    await inspector.sendCommand(['CONFIG', 'SET', 'maxmemory', '0']);
    await untilCounting(usage);
    expect((await count(usage, 'owner')).hits).toBe(1);
  });

  test('replaces the totals of an owner whose usage an operator has reset', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const { storerOf } = createStore();
    const tight = { ...limits, requestsPerDay: 1 };
    await count(usage, 'owner');
    await storerOf(usage).flush();
    const { exhausted, totalsWanted, day } = await count(usage, 'owner', { limits: tight });
    expect(exhausted?.period).toBe('day');
    const read = { version: totalsWanted as string, day, totals: { day: 0, month: 0 } };
    expect((await count(usage, 'owner', { limits: tight, read })).exhausted).toBeUndefined();
    // Totals that were read before a batch was stored are ignored.
    await storerOf(usage).flush();
    expect((await count(usage, 'owner', { limits: tight, read })).exhausted?.period).toBe('day');
  });

  test.each<[Kind, number]>([
    ['open', 2],
    ['account', 5],
    ['closed', 5],
  ])('loses at most what was in a key that was evicted: %s', async (kind, expected) => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const inspector = await inspect(redis);
    const { storerOf, totals } = createStore();
    for (let sent = 0; sent < 3; sent++) await count(usage, 'owner');
    await inspector.del(['unused', ...(await keysOf(inspector, 'owner', kind))]);
    for (let sent = 0; sent < 2; sent++) await count(usage, 'owner');
    await storerOf(usage).flush();
    expect((await totals('owner')).day).toBe(expected);
    await count(usage, 'owner');
    await storerOf(usage).flush();
    expect((await totals('owner')).day).toBe(expected + 1);
  });

  test('many instances send few more commands to look for due usage than four, and one remaining finds all', async () => {
    const redis = await redisServer();
    const inspector = await inspect(redis);
    await inspector.set('now', Math.floor(Date.now() / 1000));
    const time = "{ redis.call('GET', 'now'), 0 }";
    const startInstances = (number: number) =>
      Promise.all(Array.from({ length: number }, () => connect(redis.url, {}, time)));
    /**
     * Lets each instance look for due usage the given number of times. Returns the average
     * number of commands that all of them together send each time.
     */
    const commandsOf = async (instances: readonly RedisUsage[], times: number) => {
      await inspector.sendCommand(['CONFIG', 'RESETSTAT']);
      for (let time = 0; time < times; time++)
        await Promise.all(instances.map((usage) => usage.claimDue()));
      const stats = String(await inspector.sendCommand(['INFO', 'commandstats']));
      const [, calls] = /^cmdstat_evalsha:calls=(\d+)/m.exec(stats) ?? [];
      return Number(calls) / times;
    };
    const four = await startInstances(4);
    for (const usage of four) await usage.claimDue();
    expect(await commandsOf(four, 5)).toBe(4 * 17);
    const all = [...four, ...(await startInstances(28))];
    for (const usage of all) await usage.claimDue();
    // 32 announcements, and 64 looks on average. Without a bound there would be 512.
    const commands = await commandsOf(all, 20);
    expect(commands).toBeGreaterThan(32 + 40);
    expect(commands).toBeLessThan(32 + 90);

    const { storerOf, totals } = createStore();
    for (let index = 0; index < 40; index++) await count(four[0] as RedisUsage, `owner ${index}`);
    await inspector.incrBy('now', 16);
    await storerOf(four[1] as RedisUsage).flush();
    for (let index = 0; index < 40; index++) expect((await totals(`owner ${index}`)).day).toBe(1);
  });

  test('does not store usage that is in Redis when the user is erased, and removes it from Redis', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const { store, storerOf, totals } = createStore();
    await withOperations(store).issue(command({ userId: 'owner' }));
    await count(usage, 'owner');
    await store.erase(order({ userId: 'owner', now: Math.floor(Date.now() / 1000) }));
    await storerOf(usage).flush();
    expect(await totals('owner')).toEqual({ day: 0, month: 0 });
    expect(await store.inspect('owner')).toBeUndefined();
    expect(await store.erase(order({ userId: 'owner' }))).toBe(false);
    const inspector = await inspect(redis);
    for (const kind of ['open', 'closed'] as const)
      expect(await keysOf(inspector, 'owner', kind)).toEqual([]);
  });

  test.each<[string, Kind, (at: string, inspector: Inspector) => Promise<unknown>]>([
    ...['no JSON', '{}', '["=number","1"]'].map(
      (text): [string, Kind, (at: string, inspector: Inspector) => Promise<unknown>] => [
        `a batch is ${text}`,
        'closed',
        (at, inspector) => inspector.lPush(at, text),
      ],
    ),
    [
      'the day of a batch is not a number',
      'open',
      (at, inspector) => inspector.hSet(at, '=day', 'nan'),
    ],
    ['a batch has another type', 'open', (at, inspector) => inspector.set(at, 'a text')],
    ['the batches have another type', 'closed', (at, inspector) => inspector.set(at, 'a text')],
    ['the account has another form', 'account', (at, inspector) => inspector.set(at, 'a text')],
    ['the account has another type', 'account', (at, inspector) => replaceWithHash(at, inspector)],
  ])(
    'stores the usage of all other owners although %s, and later usage of the same owner',
    async (_what, kind, damage) => {
      const redis = await redisServer();
      // Batches that were claimed stay claimed.
      const { usage, lines } = await connectAndLog(redis.url, { claim: 3_600_000 });
      const inspector = await inspect(redis);
      const { storerOf, totals } = createStore();
      const others = Array.from({ length: 40 }, (_, index) => `other ${index}`);
      for (const userId of ['broken', ...others]) await count(usage, userId);
      await damage(await keyOf(inspector, 'broken', kind), inspector);
      await storerOf(usage).flush();
      for (const userId of others) expect(await totals(userId)).toEqual({ day: 1, month: 1 });

      const stored = (await totals('broken')).day;
      await waitFor('usage of the owner', async () => {
        await count(usage, 'broken');
        await storerOf(usage).flush();
        return (await totals('broken')).day > stored;
      });
      const aside = await inspector.keys('usage:*:unreadable:*');
      expect(aside).toHaveLength(kind === 'account' ? 0 : 1);
      for (const key of aside) expect(await inspector.ttl(key)).toBeGreaterThan(6 * 86_400);
      const logged = lines.filter((line) => line.includes('usage_unreadable'));
      expect(logged).toHaveLength(aside.length);
      expect(logged.join('')).not.toContain('broken');
    },
  );

  test('counts requests of one turn of the event loop with one command for each 100 of them', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const inspector = await inspect(redis);
    const { storerOf, totals } = createStore();
    await inspector.configResetStat();
    const counted = await Promise.all(
      Array.from({ length: 250 }, (_, index) => count(usage, `owner ${index % 50}`)),
    );
    const stats = String(await inspector.sendCommand(['INFO', 'commandstats']));
    expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBe(3);
    expect(counted.map(({ hits }) => hits)).toEqual(
      counted.map((_, index) => 1 + Math.floor(index / 50)),
    );
    await storerOf(usage).flush();
    for (let owner = 0; owner < 50; owner++)
      expect(await totals(`owner ${owner}`)).toEqual({ day: 5, month: 5 });
  });

  test('an owner whose usage cannot be read does not affect requests counted with the same command', async () => {
    const redis = await redisServer();
    const { usage, lines } = await connectAndLog(redis.url);
    const inspector = await inspect(redis);
    const { storerOf, totals } = createStore();
    await count(usage, 'broken');
    await storerOf(usage).flush();
    await inspector.set(await keyOf(inspector, 'broken', 'open'), 'a text');
    const users = ['before', 'broken', 'after', 'broken', 'last'];
    const outcomes = await Promise.all(
      users.map((userId) =>
        usage.count({ userId, name: 'name', serial: 'serial', reported: 0, limits }),
      ),
    );
    expect(outcomes.map((outcome) => (typeof outcome === 'object' ? 'counted' : outcome))).toEqual([
      ...['counted', 'uncounted', 'counted', 'uncounted', 'counted'],
    ]);
    await storerOf(usage).flush();
    for (const userId of ['before', 'after', 'last'])
      expect(await totals(userId)).toEqual({ day: 1, month: 1 });
    await waitFor('the log line', () => lines.some((line) => line.includes('WRONGTYPE')));
    expect(lines.filter((line) => line.includes('redis_command_refused'))).toHaveLength(1);
    expect(lines.join('')).not.toContain('broken');
  });

  test('each value that cannot be read is set aside and logged, also when a user reads their usage', async () => {
    const redis = await redisServer();
    const { usage, lines } = await connectAndLog(redis.url);
    const inspector = await inspect(redis);
    const { storerOf, totals } = createStore();
    const storer = storerOf(usage);
    await count(usage, 'owner');
    await storer.flush();
    const open = await keyOf(inspector, 'owner', 'open');
    const closed = await keyOf(inspector, 'owner', 'closed');
    const damaged = [
      () => inspector.set(open, 'a text'),
      () => inspector.set(closed, 'a text'),
      () => inspector.rPush(closed, 'a text'),
    ];
    for (const damage of damaged) {
      await damage();
      expect(await usage.claimOf('owner')).toBeUndefined();
    }
    expect(await inspector.keys('usage:*:unreadable:*')).toHaveLength(damaged.length);
    const logged = lines.filter((line) => line.includes('usage_unreadable'));
    expect(logged).toHaveLength(damaged.length);
    await count(usage, 'owner');
    await storer.flush();
    expect(await totals('owner')).toEqual({ day: 2, month: 2 });
  });

  test('includes what an instance stored alone once the usage of the owner is stored', async () => {
    const redis = await redisServer();
    const usage = await connect(redis.url);
    const { store, storerOf } = createStore();
    const tight = { ...limits, requestsPerDay: 10 };
    const { day } = await count(usage, 'owner');
    await store.addUsage({
      ...{ userId: 'owner', day: utcDayNumbered(day), instance: 'alone', number: 1 },
      ...{ isRepeated: false, counts: new Map([['name', 9]]) },
      lastUses: new Map(),
    });
    await storerOf(usage).flush();
    expect((await count(usage, 'owner', { limits: tight })).exhausted?.period).toBe('day');
  });

  test('limits and stores like one counter in any order of calls, killed instances and losses', async () => {
    const redis = await redisServer();
    const inspector = await inspect(redis);
    const day = new Date().toISOString().slice(0, 10);
    let now = 0;
    const setNow = (seconds: number) => {
      now = seconds;
      return inspector.set('now', seconds);
    };
    const noon = Date.parse(day) / 1000 + 43_200;
    await setNow(noon);
    const time = "{ redis.call('GET', 'now'), 0 }";
    const instances = [await connect(redis.url, {}, time), await connect(redis.url, {}, time)];
    const tier = { ...limits, requestsPerMinute: 12, requestsPerDay: 30, requestsPerMonth: 40 };
    const { store, storerOf } = createStore();
    const storers = instances.map(storerOf);
    const by = fc.nat({ max: 1 });
    const counting = fc.record({
      type: fc.constant('count' as const),
      by,
      name: fc.constantFrom('a', 'b', 'ü "\\\u0001'),
      reported: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
    });
    // An instance is killed after it claimed a batch, or after it also stored the batch.
    const storing = fc.constantFrom('flush', 'flush owner', 'claim', 'claim and store');
    const step = fc.oneof(
      { weight: 8, arbitrary: counting },
      { weight: 4, arbitrary: fc.record({ type: storing, by }) },
      { weight: 2, arbitrary: fc.constant({ type: 'next minute' as const }) },
      { weight: 1, arbitrary: fc.constant({ type: 'lose memory' as const }) },
    );

    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const userId = crypto.randomUUID();
        await setNow(noon);
        const stored = () => store.readTotals(userId, day);
        // The requests of this minute, and all requests of the day by name.
        let hits = 0;
        let counts = new Map<string, number>();
        const total = () => [...counts.values()].reduce((sum, requests) => sum + requests, 0);
        /** The totals that Redis asked for. The next request passes them to Redis. */
        let read: ReadTotals | undefined;
        let knowsTotals = true; // Nothing is stored yet.

        async function countOne(usage: RedisUsage, name: string, reported: number) {
          const counted = await count(usage, userId, { name, reported, limits: tier, read });
          expect(counted.hits).toBe(++hits);
          if (hits > tier.requestsPerMinute) return;
          knowsTotals ||= read !== undefined;
          const isExhausted = [total() >= tier.requestsPerMonth, total() >= tier.requestsPerDay];
          const expected = isExhausted[0] ? 'month' : isExhausted[1] ? 'day' : undefined;
          if (knowsTotals) expect(counted.exhausted?.period).toBe(expected);
          const { totalsWanted: version } = counted;
          read =
            version === undefined
              ? undefined
              : { version, day: counted.day, totals: await stored() };
          if (counted.exhausted !== undefined) return;
          expect(counted.added).toBe(Math.min(reported, tier.requestsPerMinute - hits));
          hits += counted.added;
          counts.set(name, (counts.get(name) ?? 0) + 1 + counted.added);
        }

        async function storedByName() {
          const rows = await withOperations(store).readUsage({
            userId,
            days: [day],
            names: [...counts.keys()],
          });
          return new Map(rows.map(({ name, requests }) => [name, requests]));
        }

        for (const one of steps) {
          if (one.type === 'next minute' || one.type === 'lose memory') {
            hits = 0;
            if (one.type === 'next minute') {
              await setNow(now + 60);
              continue;
            }
            await inspector.flushAll();
            await setNow(now + 1);
            counts = await storedByName();
            [read, knowsTotals] = [undefined, false];
            continue;
          }
          const usage = instances[one.by] as RedisUsage;
          if (one.type === 'count') await countOne(usage, one.name, one.reported);
          else if (one.type === 'flush') await storers[one.by]?.flush();
          else if (one.type === 'flush owner') await storers[one.by]?.flushOwner(userId);
          else {
            const batch = await usage.claimOf(userId);
            if (batch !== undefined && one.type === 'claim and store')
              await store.addUsage(batch.addition);
          }
        }
        await storers[0]?.flush();
        expect(await stored()).toEqual({ day: total(), month: total() });
        expect(await storedByName()).toEqual(counts);
      }),
      { numRuns: 150 },
    );
  });
});

describe.skipIf(!inject('available').includes('redis'))('the clock of Redis', () => {
  /** Starts an instance whose scripts read the time from a Redis key, in Unix seconds. */
  async function start(times: Partial<SharedUsageTimes> = {}) {
    const redis = await redisServer();
    const inspector = await inspect(redis);
    const setTo = (instant: number) => inspector.set('now', Math.floor(instant / 1000));
    await setTo(Date.now());
    const usage = await connect(redis.url, times, "{ redis.call('GET', 'now'), 0 }");
    return { usage, inspector, setTo, ...createStore() };
  }
  /** The last second of this month, in Unix milliseconds. */
  const monthEnd = () => endOfMonth(new Date().toISOString().slice(0, 10)) * 1000 - 1_000;
  const dayAt = (instant: number) => new Date(instant).toISOString().slice(0, 10);

  test('counts toward a new day and month from midnight, and stores each day under its date', async () => {
    const { usage, setTo, storerOf, totals } = await start();
    const day = 86_400_000;
    const last = monthEnd() - 1_000;
    const tight = { ...limits, requestsPerDay: 4, requestsPerMonth: 6 };
    const useUp = async () => {
      let accepted = 0;
      for (;;) {
        const { exhausted } = await count(usage, 'owner', { limits: tight });
        if (exhausted !== undefined) return [accepted, exhausted.period];
        accepted++;
      }
    };
    await setTo(last - day);
    expect(await useUp()).toEqual([4, 'day']);
    await setTo(last);
    expect(await useUp(), 'the month continues').toEqual([2, 'month']);
    await setTo(last + 10_000);
    expect(await useUp(), 'the month starts again').toEqual([4, 'day']);
    await storerOf(usage).flush();
    expect(await totals('owner', dayAt(last - day))).toEqual({ day: 4, month: 6 });
    expect(await totals('owner', dayAt(last))).toEqual({ day: 2, month: 6 });
    expect(await totals('owner', dayAt(last + 10_000))).toEqual({ day: 4, month: 4 });
    expect(await useUp(), 'with the totals of the store').toEqual([0, 'day']);
  });

  test('begins a new day although the open batch of the day before was evicted', async () => {
    const { usage, inspector, setTo, storerOf, totals } = await start();
    const { day } = await count(usage, 'owner');
    await inspector.del(await inspector.keys('usage:*:open:*'));
    await setTo((day + 1) * 86_400_000);
    await count(usage, 'owner');
    await storerOf(usage).flush();
    expect((await totals('owner', utcDayNumbered(day + 1))).day).toBe(1);
  });

  test('a month ends with its last day in every year', async () => {
    const { usage, setTo } = await start();
    const once = { ...limits, requestsPerMonth: 1 };
    const days = (first: string, last: string) =>
      fc.date({ min: new Date(first), max: new Date(last), noInvalidDate: true });
    const day = 86_400_000;
    await fc.assert(
      fc.asyncProperty(
        days('2000-01-01', '2400-01-01'),
        fc.integer({ min: 1, max: 40 }),
        async (date, more) => {
          const userId = crypto.randomUUID();
          const later = new Date(date.getTime() + more * day);
          await setTo(date.getTime());
          expect((await count(usage, userId, { limits: once })).exhausted).toBeUndefined();
          await setTo(later.getTime());
          const isSameMonth = date.toISOString().slice(0, 7) === later.toISOString().slice(0, 7);
          const { exhausted } = await count(usage, userId, { limits: once });
          expect(exhausted?.period).toBe(isSameMonth ? 'month' : undefined);
        },
      ),
      {
        numRuns: 200,
        examples: ['2024-02-28', '2025-02-28', '2100-02-28', '2000-02-29', '2025-12-31'].map(
          (date): [Date, number] => [new Date(date), 1],
        ),
      },
    );
  });

  test('stores due usage although the clock was set back by a day', async () => {
    const { usage, setTo, storerOf, totals } = await start({ interval: 60_000, claim: 30_000 });
    const { day } = await count(usage, 'owner');
    await setTo(Date.now() - 86_400_000);
    await count(usage, 'owner');
    await storerOf(usage).flush();
    expect(await totals('owner', utcDayNumbered(day))).toEqual({ day: 2, month: 2 });
  });
});
