import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { UsageMeter } from '@andamio/keys/usage/meter';
import type { UsageStore } from '@andamio/keys/usage/store';
import { makeKey } from '@andamio/schema/key-format';
import { missingForRedis, startRedis } from '@andamio/testing/redis';
import { findAvailable } from '@andamio/testing/requirements';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import { createKeyVerifier } from '@andamio/verification/verify-key';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withBench } from '../harness/bench.ts';
import { measureTimes } from './calibrate.ts';
import { type Demand, simulate } from './demand.ts';
import { arrivals, SimulatedInstance, simulateInstance } from './instance.ts';
import { withJournals } from './journals.ts';
import { type Load, popularityOf, seededRandom } from './load.ts';
import { billOf } from './money.ts';
import { instancePolicy, policyWithRedis } from './policies.ts';
import { committed, completed, type ProcessorTimes } from './processor-times.ts';
import { simulateSharedUsage } from './shared-usage.ts';
import { defaultLoad, simulated, timesTable, withTables } from './tables.ts';

const load: Load = {
  verificationsPerSecond: 100,
  keys: 1_000_000,
  popularity: 0,
  run: 1,
  runSeconds: 0,
};

describe('the popularity of keys', () => {
  test('follows the law of Zipf', () => {
    const two = popularityOf({ keys: 2, popularity: 1 });
    expect(two.shareOf(0)).toBeCloseTo(2 / 3);
    expect(two.shareOf(1)).toBeCloseTo(1 / 3);
    const random = seededRandom(1);
    const draws = Array.from({ length: 30_000 }, () => two.draw(random));
    expect(draws.filter((key) => key === 0).length / 30_000).toBeCloseTo(2 / 3, 1);
  });
});

describe('one instance', () => {
  test('reads each key, and stores each request, if no key comes twice', () => {
    const { verifications, known, keyReads, additions, totalsReads } = simulateInstance(load, 1, {
      ...instancePolicy,
      knownOwners: 1,
    });
    expect(verifications / 60).toBeCloseTo(100, -1);
    for (const each of [keyReads, additions, totalsReads])
      expect(each / verifications).toBeCloseTo(1, 1);
    expect(known / verifications).toBeCloseTo(0, 2);
  });

  test('with one key reads it once in 6 s, and stores its usage once in 5 s', () => {
    const { verifications, known, keyReads, additions, totalsReads, largestFlush } =
      simulateInstance({ ...load, verificationsPerSecond: 1_000, keys: 1 }, 1, instancePolicy, 600);
    expect(known).toBe(verifications);
    expect(Math.abs(keyReads - 100)).toBeLessThanOrEqual(1);
    expect(Math.abs(additions - 120)).toBeLessThanOrEqual(1);
    expect([totalsReads, largestFlush]).toEqual([0, 1]);
  });

  test('does not read the totals of owners that it knows', () => {
    const few = { ...load, keys: 1_000 };
    const { totalsReads } = simulateInstance(few, 1, { ...instancePolicy, knownOwners: 1_000 });
    expect(totalsReads).toBe(0);
    const half = simulateInstance(few, 1, { ...instancePolicy, knownOwners: 500 }, 600);
    expect(half.totalsReads / half.verifications).toBeCloseTo(0.5, 1);
  });

  test.each([2, 10, 100])('of %i sees its share of the requests of a run', (instances) => {
    const runs = { ...load, verificationsPerSecond: 1_000 * instances, run: 20 };
    const { verifications, known, keyReads, additions } = simulateInstance(
      runs,
      instances,
      instancePolicy,
    );
    expect(verifications / 60 / 1_000).toBeCloseTo(1, 1);
    // The number of instances that 20 simultaneous requests reach if each goes to a random
    // instance.
    const reached = instances * (1 - (1 - 1 / instances) ** 20);
    expect(keyReads / verifications).toBeCloseTo(reached / 20, 1);
    expect(known / verifications).toBeCloseTo(1 - reached / 20, 1);
    expect(additions / verifications).toBeCloseTo(reached / 20, 1);
  });

  test('counts the operations that the verifier and the usage meter of the service need', async () => {
    const spread: Load = {
      verificationsPerSecond: 400,
      keys: 300,
      popularity: 0.8,
      run: 5,
      runSeconds: 5,
    };
    // The service measures time in whole milliseconds.
    const requests = [...arrivals(spread, 2, 60, seededRandom(7))].map(({ at, key }) => ({
      at: Math.floor(at * 1000),
      key,
    }));
    const simulated = new SimulatedInstance({
      ...instancePolicy,
      keyAge: 1000 * instancePolicy.keyAge,
      usageInterval: 1000 * instancePolicy.usageInterval,
    });
    for (const request of requests) simulated.verify(request);

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    const clock = { now: Date.now, monotonicNow: Date.now };
    const counted = { verifications: 0, known: 0, keyReads: 0, totalsReads: 0, additions: 0 };
    const digester = createDigester(digestKeyOf({ version: 'a', secret: new Uint8Array(32) }));
    const texts = Array.from({ length: spread.keys }, () => makeKey());
    const owners = new Map(texts.map((text, key) => [digester.digest(text), `owner ${key}`]));
    const verifier = createKeyVerifier({
      ...clock,
      digesters: [digester],
      maximumAge: 1000 * instancePolicy.keyAge,
      async find([id]) {
        if (id === undefined) throw new Error('A lookup has at least one id.');
        counted.keyReads++;
        const record = { id, userId: owners.get(id) as string, name: 'name' };
        return {
          record: { ...record, createdAt: 0, expiresAt: 2 ** 40 },
          tier: 'enterprise',
          suspended: false,
        };
      },
    });
    const totals = { day: 1, month: 1 };
    const store = {
      async addUsage() {
        counted.additions++;
        return totals;
      },
      async readTotals() {
        counted.totalsReads++;
        return totals;
      },
    } as Partial<UsageStore> as UsageStore;
    const warn = (error: unknown) => expect.unreachable(String(error));
    const meter = new UsageMeter({ ...clock, store, warn });
    for (const { at, key } of requests) {
      await vi.advanceTimersByTimeAsync(at - Date.now());
      const verified = verifier.verify(texts[key] as string);
      if (!(verified instanceof Promise)) counted.known++;
      counted.verifications++;
      const { record } = ((await verified) as NonNullable<Awaited<typeof verified>>).found;
      meter.exhaustedQuota(record.userId, 'enterprise');
      meter.count(record.userId, record.name);
    }
    const { largestFlush: _, ...expected } = simulated.take();
    expect(counted).toEqual(expected);
  });
});

describe('usage that all instances count together', () => {
  const policy = { interval: 60, retention: 3_600 };

  test('is stored once an interval for an owner whose requests do not pause', () => {
    const one = { ...load, keys: 1 };
    expect(simulateSharedUsage(one, policy, 600).batches).toBeCloseTo(1 / 60, 3);
  });

  test('is stored once for each request of an owner who rarely comes', () => {
    const rare = { ...load, keys: 1_000_000 };
    expect(simulateSharedUsage(rare, policy).batches / 100).toBeCloseTo(1, 1);
  });

  test('is stored once for the time between batches and the interval', () => {
    // Each owner sends a request every 100 s on average. A batch is stored after 60 s. On average,
    // the next batch begins 100 s after that.
    const { batches, totalsReads } = simulateSharedUsage({ ...load, keys: 10_000 }, policy, 600);
    expect(batches / 10_000).toBeCloseTo(1 / 160, 4);
    expect(totalsReads).toBeCloseTo(100 * Math.exp(-36.6), 10);
  });

  test('is stored several times for a run that is longer than the interval', () => {
    const long = { ...load, run: 121, runSeconds: 121, keys: 1_000_000 };
    const { batches } = simulateSharedUsage(long, policy, 600);
    // The owner sends a request each second, so batches begin at 0, 60 and 120 s.
    expect(batches / (100 / 121)).toBeCloseTo(3, 1);
  });
});

describe('processor cores', () => {
  const none = Object.fromEntries(
    Object.keys(committed.microseconds).map((step) => [step, 0]),
  ) as Record<keyof ProcessorTimes, number>;
  const oneKey = { ...load, verificationsPerSecond: 1_000, keys: 1 };
  // No key comes twice, and no owner is known.
  const newKeys = { ...load, verificationsPerSecond: 100 };
  const strangers = { ...instancePolicy, knownOwners: 1 };
  const near = (actual: number, expected: number) =>
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(0.02 * expected + 0.02);

  // A step that takes a second occupies as many cores as it occurs in a second.
  test.each([
    ['verification', oneKey, instancePolicy, 1_000],
    ['verificationWithRedis', oneKey, instancePolicy, 0],
    ['verification', oneKey, policyWithRedis, 0],
    ['verificationWithRedis', oneKey, policyWithRedis, 1_000],
    ['keyRead', oneKey, instancePolicy, 1 / 6],
    ['keyReadWithRedis', oneKey, policyWithRedis, 1 / 6],
    ['addition', oneKey, instancePolicy, 1 / 5],
    ['addition', oneKey, policyWithRedis, 1 / 60],
    ['keyRead', newKeys, strangers, 100],
    ['totalsRead', newKeys, strangers, 100],
  ] as const)('in use by %s are its time, times its number', (step, from, policy, cores) => {
    near(simulate(from, policy, 1, { ...none, [step]: 1_000_000 }).cores, cores);
  });

  test.each([
    ['redisVerification', oneKey, 1_000 + 1 / 60],
    ['redisKeyRead', oneKey, 0],
    ['redisKeyRead', newKeys, 100],
  ] as const)('of Redis in use by %s are its time, times its number', (step, from, cores) => {
    const times = { ...none, [step]: 1_000_000 };
    near(simulate(from, policyWithRedis, 1, times).redisCores, cores);
    expect(simulate(from, instancePolicy, 1, times).redisCores).toBe(0);
  });

  test('determine the number of instances', () => {
    // 1,000 verifications of 3 ms take 3 cores. Cloud Run uses 0.6 of each.
    const times = { ...none, verification: 3_000 };
    expect(simulate(oneKey, instancePolicy, undefined, times).instances).toBe(5);
  });
});

describe('processor times', () => {
  const available = findAvailable({ redis: missingForRedis });

  test('are measured on the built service and on Redis, and replace the committed ones', async () => {
    const redis = available.includes('redis') ? await startRedis() : undefined;
    onTestFinished(() => redis?.stop());
    const options = { quick: true, needsEmulator: false };
    const measured = await withBench(options, (bench) => measureTimes(bench, redis));

    const steps = ['verification', 'verificationWithRedis', 'redisVerification', 'redisKeyRead'];
    expect(Object.keys(measured)).toEqual(redis ? steps : steps.slice(0, 1));
    for (const time of Object.values(measured)) {
      expect(time).toBeGreaterThan(1);
      expect(time).toBeLessThan(10_000);
    }
    const lines = timesTable(measured).split('\n').slice(2);
    expect(lines.filter((line) => line.endsWith('| in this run |'))).toHaveLength(
      Object.keys(measured).length,
    );
    expect(lines.filter((line) => line.endsWith('(committed) |'))).toHaveLength(
      8 - Object.keys(measured).length,
    );
    const oneKey = { ...load, verificationsPerSecond: 1_000, keys: 1 };
    const times = { ...completed(measured), keyRead: 0, addition: 0 };
    const { cores } = simulate(oneKey, instancePolicy, 1, times);
    expect(cores).toBeCloseTo(1_000e-6 * (measured.verification as number));
  }, 120_000);
});

describe('a design with journals', () => {
  const demand = (more: Partial<Demand>) =>
    ({ firestoreReads: 0, firestoreWrites: 0, ...more }) as Demand;

  test('writes an owner on many instances once an interval, and journals twice', () => {
    // In 5 s, each of 10 instances flushes 3,300 owners: 3 journals for each of 16 partitions.
    const alone = demand({ instances: 10, additions: 6_600 });
    const { additions, firestoreReads, firestoreWrites } = withJournals(
      { ...load, verificationsPerSecond: 1_000, keys: 1 },
      alone,
    );
    expect(additions).toBeCloseTo(1 / 5, 2);
    expect(firestoreWrites).toBeCloseTo(2 * 96 + additions);
    expect(firestoreReads).toBeCloseTo(96 + additions);
  });

  test('writes no more journals than owners', () => {
    const alone = demand({ instances: 10, additions: 6 });
    const { additions, firestoreWrites } = withJournals(load, alone);
    expect(firestoreWrites - additions).toBeCloseTo(2 * 6);
  });
});

describe('a month of a demand', () => {
  const demand: Demand = {
    verifications: 1_000,
    instances: 2,
    known: 0.9,
    keyReads: 100,
    totalsReads: 20,
    additions: 80,
    firestoreReads: 200,
    firestoreWrites: 80,
    redisCommands: 1_000,
    largestFlush: 0,
    cores: 0.1,
    redisCores: 0.51,
  };
  const seconds = 730 * 3_600;

  test('costs the price of each operation, and the cheaper billing of Cloud Run', () => {
    const bill = billOf(demand);
    expect(bill.firestoreReads).toBeCloseTo(200 * seconds * 3e-7);
    expect(bill.firestoreWrites).toBeCloseTo(80 * seconds * 9e-7);
    expect(bill.runByRequests).toBeCloseTo(
      2 * seconds * (2.4e-5 + 0.5 * 2.5e-6) + 1_000 * seconds * 4e-7,
    );
    expect(bill.runByInstance).toBeCloseTo(2 * seconds * (1.8e-5 + 0.5 * 2e-6));
    expect(bill.egress).toBeCloseTo(((1_000 * seconds) / 2 ** 20) * 0.12);
    // Two shards of two nodes, because a shard uses half a core.
    expect(bill.redis).toBeCloseTo(4 * 730 * 0.1425);
    expect(bill.sum).toBeCloseTo(
      bill.firestoreReads + bill.firestoreWrites + bill.runByInstance + bill.egress + bill.redis,
    );
  });

  test('costs nothing for Redis without Redis', () => {
    expect(billOf({ ...demand, redisCores: 0 }).redis).toBe(0);
  });
});

describe('docs/scale.md', () => {
  const document = readFileSync(new URL('../../../docs/scale.md', import.meta.url), 'utf8');

  test('has the tables of the simulation (if not: npx -y pnpm@12 generate)', () => {
    expect(document.match(/: generated -->/g)).toHaveLength(7);
    expect(document).toBe(withTables(document));
  });

  test('says which of its targets hold', () => {
    const busiest = { ...defaultLoad, verificationsPerSecond: 100_000 };
    const alone = simulated(busiest, instancePolicy);
    expect(simulated(busiest, policyWithRedis).firestoreWrites).toBeLessThanOrEqual(5_000);
    expect(alone.firestoreWrites).toBeGreaterThan(60_000);
    expect(document).toMatch(
      /Without\s+Redis,\s+the\s+target\s+is\s+at\s+most\s+60,000,\s+which\s+is\s+missed/,
    );
  });
});

describe('the command `simulate`', () => {
  const program = new URL('../simulate.ts', import.meta.url).pathname;
  const run = (args: readonly string[], env = process.env) =>
    spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env });

  test('prints what the given load needs, without and with Redis', () => {
    const { status, stdout } = run(['--rate', '10', '--keys', '100', '--instances', '1']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\| verifications \| without Redis \| with Redis \|$/m);
    expect(stdout).toMatch(/^\| instances \| 1 \| 1 \|$/m);
  });

  test.each([
    '--rate 1 --run 1000',
    '--rate 1 --run 1000 --instances 2',
    '--rate 1 --run 100000',
    '--rate 1 --instances 1000',
    '--rate 1 --run-seconds 0',
  ])('prints numbers for a load that is too small for a minute: %s', (options) => {
    const { status, stdout } = run(options.split(' '));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\| instances \| \d/m);
    expect(stdout).not.toMatch(/NaN|Infinity/);
  });

  test.each([
    ['--rate 0', '--rate must be a number from 1 to 1000000.'],
    ['--keys many', '--keys must be a number from 1 to 20000000.'],
    ['--speed 1', "Unknown option '--speed'"],
    ['--save', '--save needs --calibrate.'],
  ])('refuses %s and prints its usage', (options, message) => {
    const { status, stderr } = run(options.split(' '));
    expect(status).toBe(64);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: npx -y pnpm@12 simulate');
  });

  test('refuses to save times before it measures any, if some cannot be measured', () => {
    const { status, stdout, stderr } = run(['--calibrate', '--save'], { PATH: '/nowhere' });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'Times are saved only if all of them can be measured. ' +
        'Redis needs redis-server (on Debian: apt-get install redis-server). ' +
        "Firestore's emulator needs Java 17 or newer.\n",
    );
  });
});
