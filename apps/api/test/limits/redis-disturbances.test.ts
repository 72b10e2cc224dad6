import { readFileSync } from 'node:fs';
import { logEvents } from '@andamio/schema/log-events';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { tiers } from '@andamio/schema/tiers';
import { freePort } from '@andamio/testing/free-port';
import { type Redis, startRedis } from '@andamio/testing/redis';
import { startProcess } from '@andamio/testing/service-process';
import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { connectCounters, decrement, increment, read } from '../../src/counters/redis-counters.ts';
import { defaultRedisTimes, type RedisTimes } from '../../src/counters/redis-link.ts';
import { commandsOf, redisPermissions } from '../../src/counters/redis-probe.ts';
import { defaultSharedUsageTimes } from '../../src/counters/redis-usage.ts';
import { type UsageScripts, usageScripts } from '../../src/counters/usage-scripts.ts';
import { createLog } from '../../src/log.ts';
import { startTcpProxy } from '../harness/tcp-proxy.ts';

async function redisServer(...options: readonly string[]): Promise<Redis> {
  const redis = await startRedis(undefined, ...options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function inspect(redis: Redis) {
  const client = await createClient({ url: redis.url })
    .on('error', () => {})
    .connect();
  onTestFinished(() => client.destroy());
  return client;
}

/** Creates counters as an instance of the service does, and records their log lines. */
function connectTo(url: string, times: Partial<RedisTimes> = {}, scripts?: UsageScripts) {
  const lines: {
    readonly message: string;
    readonly severity: string;
    readonly err?: { readonly message: string };
  }[] = [];
  const log = createLog({
    level: 'info',
    project: undefined,
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const settings = { url, ca: undefined, auth: 'url' } as const;
  const all = { ...defaultRedisTimes, longestPause: 500, ...times };
  const shared = connectCounters(settings, log, systemClock, all, scripts);
  onTestFinished(() => shared.close());
  const counters = shared.createCounters('address', rateLimitWindow);
  const messages = () => lines.map(({ message }) => message);
  return {
    lines,
    messages,
    count: async (key: string) => (await counters.increment(key)).totalHits,
    usage: shared.usage,
    /** Counts a verified request as usage. */
    countUsage: (userId: string) =>
      shared.usage.count({
        ...{ userId, name: 'name', serial: 'serial', reported: 0 },
        limits: tiers.pioneer,
      }),
    /** Waits until the counters are stored in Redis. */
    async shared(inspector: Awaited<ReturnType<typeof inspect>>) {
      await waitFor('a counter in Redis', async () => {
        const key = crypto.randomUUID();
        await counters.increment(key);
        return (await inspector.exists(`limit:address:${key}`)) === 1;
      });
    },
  };
}

const redisUnavailable = logEvents.redisUnavailable.message;
const redisRecovered = logEvents.redisRecovered.message;

describe.skipIf(!inject('available').includes('redis'))('Redis', () => {
  test('a hanging Redis delays no request by more than 300 ms, and SIGTERM ends the service within its grace', async () => {
    const redis = await redisServer();
    const service = await startProcess({ REDIS_URL: redis.url });
    onTestFinished(() => service.signal('SIGKILL'));
    const ask = async () => {
      const startedAt = performance.now();
      const { status } = await requestKey(
        service.url,
        {},
        { token: tokenFor(crypto.randomUUID()) },
      );
      expect(status).toBe(400);
      return performance.now() - startedAt;
    };
    const series = async (length: number) => {
      const took: number[] = [];
      for (let index = 0; index < length; index++) took.push(await ask());
      return took.sort((one, other) => one - other);
    };
    const median = (took: readonly number[]) => took[took.length >> 1] as number;
    await series(10);
    const before = median(await series(40));
    redis.signal('SIGSTOP');
    // The first request waits for Redis twice, once for each of its two counters.
    const during = await series(40);
    expect(during.at(-1)).toBeLessThan(2_000);
    expect(median(during)).toBeLessThan(before * 3 + 20);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    expect(service.output().split(redisUnavailable)).toHaveLength(2);
    expect(service.output()).toMatch(/Redis did not respond within 300 ms/);

    redis.signal('SIGCONT');
    await waitFor('the log line of the recovery', () => service.output().includes(redisRecovered));
    expect(service.output().split(redisUnavailable)).toHaveLength(2);

    redis.signal('SIGSTOP');
    await ask();
    const terminated = performance.now();
    expect((await service.stop()).code).toBe(0);
    expect(performance.now() - terminated).toBeLessThan(8_000);
  });

  test('retries a Redis that never responds after increasing pauses', async () => {
    const redis = await redisServer();
    const proxy = await startTcpProxy(redis.port);
    proxy.discards = true;
    const { count, lines, messages, shared } = connectTo(`redis://127.0.0.1:${proxy.port}`, {
      connect: 50,
      firstPause: 10,
      longestPause: 400,
    });
    expect(await count('client')).toBe(1);
    expect(await count('client')).toBe(2);
    const startedAt = performance.now();
    await waitFor('eight attempts', () => proxy.connections() >= 8);
    // The seven pauses last 10, 20, 40, 80, 160, 320 and 400 ms. Each attempt also takes 50 ms.
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(messages()).toEqual([redisUnavailable]);
    expect(lines[0]).toMatchObject({
      severity: 'WARNING',
      err: { message: expect.stringContaining('within 50 ms') },
    });

    proxy.discards = false;
    await shared(await inspect(redis));
    expect(messages()).toEqual([redisUnavailable, redisRecovered]);
  });

  test('shares counters again after a failover to another server at the same address', async () => {
    const [old, successor] = [await redisServer(), await redisServer()];
    const proxy = await startTcpProxy(old.port);
    const first = connectTo(`redis://127.0.0.1:${proxy.port}`);
    const second = connectTo(`redis://127.0.0.1:${proxy.port}`);
    for (const instance of [first, second]) await instance.shared(await inspect(old));

    // After a failover, open connections still lead to the old primary, which is now a replica.
    await (await inspect(old)).sendCommand(['REPLICAOF', '127.0.0.1', `${successor.port}`]);
    proxy.target = successor.port;
    expect(await first.count('client')).toBe(1);
    expect(await second.count('client')).toBe(1);
    expect(first.lines[0]?.err?.message).toMatch(/^Redis responded with READONLY/);

    for (const instance of [first, second]) await instance.shared(await inspect(successor));
    await first.count('both');
    expect(await second.count('both')).toBe(2);
    for (const { messages } of [first, second])
      expect(messages()).toEqual([redisUnavailable, redisRecovered]);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['is a replica without its primary', ['REPLICAOF', '127.0.0.1', '1'], /MASTERDOWN|READONLY/],
    ['is out of memory', ['CONFIG', 'SET', 'maxmemory', '1'], /OOM.*maxmemory/],
    ['lacks replicas', ['CONFIG', 'SET', 'min-replicas-to-write', '1'], /NOREPLICAS/],
    ['denies the permission', ['ACL', 'SETUSER', 'default', '-eval', '-evalsha'], /NOPERM/],
  ])('logs the cause when Redis %s, and the recovery', async (_what, [...change], cause) => {
    const redis = await redisServer('--replica-serve-stale-data', 'no');
    const inspector = await inspect(redis);
    const { count, lines, messages, shared } = connectTo(redis.url);
    await shared(inspector);
    const verified = connectTo(redis.url);
    await verified.shared(inspector);
    await inspector.sendCommand(change);
    expect(await count('client')).toBe(1);
    expect(await count('client')).toBe(2);
    expect(messages()).toEqual([redisUnavailable]);
    expect(lines[0]?.err?.message).toMatch(cause);
    expect(await verified.countUsage('owner')).toBe('uncounted');
    expect(verified.messages()).toEqual([redisUnavailable]);
    expect(verified.lines[0]?.err?.message).toMatch(cause);

    await inspector.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await inspector.sendCommand(['CONFIG', 'SET', 'maxmemory', '0', 'min-replicas-to-write', '0']);
    await inspector.sendCommand(['ACL', 'SETUSER', 'default', '+@all']);
    await shared(inspector);
    expect(messages()).toEqual([redisUnavailable, redisRecovered]);
  });

  test('a user with the documented permissions can count, claim, confirm and set aside', async () => {
    const limits = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');
    const [, written = ''] = /ACL SETUSER andamio on '>PASSWORD' ([^`]*)\n```/.exec(limits) ?? [];
    const rules = written.replaceAll(/\s\\\n\s*/g, ' ').replaceAll("'", '');
    expect(rules).toBe(redisPermissions);
    const redis = await redisServer();
    const inspector = await inspect(redis);
    await inspector.sendCommand([
      'ACL',
      'SETUSER',
      'andamio',
      'on',
      '>secret',
      ...rules.split(' '),
    ]);
    const times = { ...defaultSharedUsageTimes, interval: 0, claim: 0, minimumAge: 0 };
    const { count, countUsage, messages, shared, usage } = connectTo(
      redis.url.replace('//', '//andamio:secret@'),
      {},
      usageScripts(times),
    );
    await shared(inspector);
    await count('client');
    expect(await count('client')).toBe(2);
    for (const kind of ['none', 'open', 'closed']) {
      expect(await countUsage('owner')).toMatchObject({ hits: expect.any(Number) });
      const found = await inspector.keys(`usage:*:${kind}:*`);
      for (const key of found) {
        await inspector.del(key);
        await inspector.set(key, 'a text');
      }
      const [batch] = kind === 'none' ? await usage.claimDue() : [await usage.claimOf('owner')];
      await batch?.confirm({ day: 1, month: 1 });
    }
    expect(new Set(messages())).toEqual(new Set([logEvents.usageUnreadable.message]));
  });

  test('the documented permissions include each command of each script', () => {
    const scripts = [
      increment,
      read,
      decrement,
      ...Object.values(usageScripts(defaultSharedUsageTimes)),
    ];
    const needed = scripts.flatMap(commandsOf).map((command) => `+${command}`);
    expect(needed).toContain('+hincrby');
    expect(redisPermissions.split(' ')).toEqual(expect.arrayContaining(needed));
  });

  test('a user who lacks a permission is reported once, with all that it needs, and never used', async () => {
    const redis = await redisServer();
    const inspector = await inspect(redis);
    const rules = redisPermissions.split(' ');
    const required = rules.filter((rule) => rule !== '+info');
    const instances = required.map(async (rule, index) => {
      const others = rules.filter((one) => one !== rule);
      await inspector.sendCommand(['ACL', 'SETUSER', `${index}`, 'on', '>secret', ...others]);
      const url = redis.url.replace('//', `//${index}:secret@`);
      return { rule, ...connectTo(url, { firstPause: 50, longestPause: 50 }) };
    });
    const all = await Promise.all(instances);
    await waitFor('several attempts', async () => {
      const stats = String(await inspector.sendCommand(['INFO', 'stats']));
      const [, connections] = /^total_connections_received:(\d+)/m.exec(stats) ?? [];
      const isReported = all.every(({ lines }) => lines.length > 0);
      return isReported && Number(connections) > 2 * all.length;
    });
    for (const { rule, countUsage, lines, messages } of all) {
      expect(await countUsage('owner'), rule).toBe('uncounted');
      expect(messages(), rule).toEqual([redisUnavailable]);
      expect(lines[0]?.err?.message, rule).toMatch(/^Redis responded with NOPERM\./);
      expect(lines[0]?.err?.message).toContain(redisPermissions);
    }
  });

  test('logs the cause when Redis loads its data, and the recovery', async () => {
    const slowLoading = [
      '--key-load-delay',
      '100',
      '--loading-process-events-interval-bytes',
      '1024',
    ];
    const redis = await redisServer('--enable-debug-command', 'yes', ...slowLoading);
    const [inspector, loader] = [await inspect(redis), await inspect(redis)];
    const { count, lines, messages, shared } = connectTo(redis.url);
    await shared(inspector);
    await inspector.sendCommand(['DEBUG', 'POPULATE', '100000']);
    const loaded = loader.sendCommand(['DEBUG', 'RELOAD']);
    await waitFor('the LOADING error', () =>
      inspector.ping().then(
        () => false,
        () => true,
      ),
    );
    for (let hits = 1; hits <= 3; hits++) expect(await count('client')).toBe(hits);
    expect(lines[0]?.err?.message).toMatch(
      /^Redis responded with LOADING\. The server is loading its data\./,
    );

    await inspector.sendCommand(['CONFIG', 'SET', 'key-load-delay', '0']);
    await loaded;
    await shared(inspector);
    expect(messages()).toEqual([redisUnavailable, redisRecovered]);
  });

  test.each<[string, readonly string[], (port: number) => string, RegExp]>([
    [
      'requires a password',
      ['--requirepass', 'secret'],
      (port) => `redis://127.0.0.1:${port}`,
      /NOAUTH.*REDIS_AUTH/,
    ],
    [
      'rejects the password',
      ['--requirepass', 'secret'],
      (port) => `redis://:hunter2@127.0.0.1:${port}`,
      /WRONGPASS/,
    ],
    [
      'runs in cluster mode',
      ['--cluster-enabled', 'yes'],
      (port) => `redis://127.0.0.1:${port}`,
      /cluster mode/,
    ],
  ])('logs the cause and counts in memory when Redis %s', async (_what, options, urlOf, cause) => {
    const redis = await redisServer(...options);
    const { count, lines, messages } = connectTo(urlOf(redis.port));
    await waitFor('the line', () => lines.length > 0);
    expect(messages()).toEqual([redisUnavailable]);
    expect(lines[0]?.err?.message).toMatch(cause);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(await count('client')).toBe(1);
  });

  test('logs no password that a server repeats because it does not know the command', async () => {
    const redis = await startRedis(
      undefined,
      '--requirepass',
      'secret',
      '--rename-command HELLO ""',
    );
    onTestFinished(() => redis.stop());
    const url = redis.url.replace('//', '//:secret@');
    const { lines, messages } = connectTo(url);
    await waitFor('the warning', () => messages().length > 0);
    expect(lines[0]?.err?.message).toMatch(/unknown command '?`?HELLO/);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('logs the cause when nothing listens at the address of Redis', async () => {
    const { lines } = connectTo(`redis://127.0.0.1:${await freePort()}`);
    await waitFor('the line', () => lines.length > 0);
    expect(lines[0]?.err?.message).toMatch(/^The connection to Redis failed \(ECONNREFUSED\)/);
  });

  test.each(['FLUSHALL', 'SCRIPT FLUSH'])(
    'continues to count after %s, without a log line',
    async (command) => {
      const redis = await redisServer();
      const inspector = await inspect(redis);
      const { count, messages, shared } = connectTo(redis.url);
      await shared(inspector);
      await count('client');
      await inspector.sendCommand(command.split(' '));
      expect(await Promise.all([count('client'), count('client')])).toEqual(
        command === 'FLUSHALL' ? [1, 2] : [2, 3],
      );
      expect(await inspector.get('limit:address:client')).toBe(command === 'FLUSHALL' ? '2' : '3');
      expect(messages()).toEqual([]);
    },
  );

  test('counts in memory what one value of another type refuses, logs it once, and serves all others', async () => {
    const redis = await redisServer();
    const inspector = await inspect(redis);
    const { count, countUsage, lines, messages, shared } = connectTo(redis.url);
    await shared(inspector);
    await countUsage('broken');
    const [open = ''] = await inspector.keys('usage:*:open:*');
    await inspector.set(open, 'a text instead of a hash');
    await inspector.hSet('limit:address:broken', 'field', 'a hash instead of a number');
    await inspector.pExpire('limit:address:broken', 60_000);
    for (let hits = 1; hits <= 3; hits++) {
      expect(await countUsage('broken')).toBe('uncounted');
      expect(await countUsage('owner')).toMatchObject({ hits });
      expect(await count('broken')).toBe(hits);
      expect(await count('client')).toBe(hits);
    }
    expect(await inspector.get('limit:address:client'), 'the other counters are shared').toBe('3');
    expect(new Set(messages())).toEqual(new Set([logEvents.redisCommandRefused.message]));
    expect(lines.map(({ err }) => err?.message.split(' ')[0])).toEqual(['WRONGTYPE', 'WRONGTYPE']);
    expect(new Set(lines.map(({ err }) => err?.message)).size, 'once per cause').toBe(2);
  });

  test('treats a proxy that refuses every command as an outage, and recovers', async () => {
    const redis = await redisServer();
    const proxy = await startTcpProxy(redis.port);
    const { count, lines, messages, shared } = connectTo(`redis://127.0.0.1:${proxy.port}`);
    await shared(await inspect(redis));
    proxy.answer = '-ERR upstream failure\r\n';
    expect(await count('client')).toBe(1);
    await waitFor('the line', () => lines.length > 1);
    expect(messages()).toEqual([logEvents.redisCommandRefused.message, redisUnavailable]);
    expect(lines[1]?.err?.message).toContain('ERR upstream failure');
    expect(await count('client')).toBe(2);

    proxy.answer = undefined;
    await shared(await inspect(redis));
    expect(messages().at(-1)).toBe(redisRecovered);
  });

  test('restarts a window that is too long because the clock of Redis was set back', async () => {
    const redis = await redisServer();
    const inspector = await inspect(redis);
    const { count, shared } = connectTo(redis.url);
    await shared(inspector);
    // Simulates a counter from before the clock was set back by an hour.
    await inspector.set('limit:address:client', '50', {
      expiration: { type: 'PX', value: 3_660_000 },
    });
    expect(await count('client')).toBe(1);
    expect(await inspector.pTTL('limit:address:client')).toBeLessThanOrEqual(60_000);
  });
});
