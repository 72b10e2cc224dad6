import { tiers } from '@andamio/schema/tiers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ControlledUsageStore } from '../../../test/harness/controlled-usage-store.ts';
import { UsageMeter, usageInterval } from './meter.ts';

const noon = Date.UTC(2025, 7, 31, 12);
const today = '2025-08-31';
const tomorrow = '2025-09-01';
const { requestsPerDay, requestsPerMonth } = tiers.pioneer;

let store: ControlledUsageStore;
let warnings: unknown[];
let monotonic: number;

function createMeter() {
  return new UsageMeter({
    store,
    now: Date.now,
    monotonicNow: () => monotonic,
    warn: (error) => void warnings.push(error),
  });
}
let meter: UsageMeter;

/** Advances both clocks and the timers, and completes the work that they start. */
async function pass(milliseconds: number) {
  monotonic += milliseconds;
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** Completes work that has started, without advancing the clocks. */
const settle = () => pass(0);

/** Counts as another instance does, directly in the store. */
const countElsewhere = (requests: number, day = today, userId = 'owner') =>
  store.addUsage({
    userId,
    day,
    attempt: crypto.randomUUID(),
    counts: new Map([['name', requests]]),
  });

/**
 * Checks the quota for one more request, as verification does, and counts the request if it is
 * allowed.
 */
function request(userId = 'owner', tier: keyof typeof tiers = 'pioneer') {
  const exhausted = meter.exhaustedQuota(userId, tier);
  if (exhausted === undefined) meter.count(userId, 'name');
  return exhausted;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: noon });
  monotonic = 1_000_000;
  warnings = [];
  store = new ControlledUsageStore();
  meter = createMeter();
});
afterEach(() => void vi.useRealTimers());

describe('what is counted', () => {
  test('is stored at once after a quiet time, and from then on once an interval', async () => {
    meter.count('owner', 'name');
    await settle();
    expect(store.totalsOf('owner', today)).toEqual({ day: 1, month: 1 });
    for (let index = 0; index < 100; index++) meter.count('owner', 'name', 2);
    await pass(usageInterval - 1);
    expect(store.totalsOf('owner', today).day).toBe(1);
    await pass(1);
    expect(store.totalsOf('owner', today).day).toBe(201);
    expect(store.writes).toHaveLength(2);
  });

  test('is one addition for all names of an owner, and another for each owner', async () => {
    await pass(0);
    meter.count('one', 'first');
    meter.count('one', 'second', 3);
    meter.count('two', 'first');
    await meter.flush();
    expect(store.writes.map(({ userId, counts }) => [userId, Object.fromEntries(counts)])).toEqual([
      ['one', { first: 1, second: 3 }],
      ['two', { first: 1 }],
    ]);
  });

  test('costs nothing while nothing is counted', async () => {
    meter.count('owner', 'name');
    await pass(100 * usageInterval);
    expect(store.writes).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('belongs to the UTC day in which it was counted, on either side of midnight', async () => {
    vi.setSystemTime(Date.UTC(2025, 7, 31, 23, 59, 59, 999));
    meter.count('owner', 'name', 2);
    vi.setSystemTime(Date.UTC(2025, 8, 1));
    meter.count('owner', 'name', 3);
    await meter.flush();
    expect(store.totalsOf('owner', today)).toEqual({ day: 2, month: 2 });
    expect(store.totalsOf('owner', tomorrow)).toEqual({ day: 3, month: 3 });
  });

  test('while it is being stored is not lost, and not stored twice', async () => {
    store.behavior = 'hangs';
    meter.count('owner', 'name');
    await settle();
    meter.count('owner', 'name', 10);
    store.release();
    await pass(usageInterval);
    expect(store.totalsOf('owner', today).day).toBe(11);
  });
});

describe('where timers come late', () => {
  test('a request after the interval begins to store what waits', async () => {
    meter.count('owner', 'name');
    await settle();
    meter.count('owner', 'name');
    monotonic += usageInterval - 1;
    meter.flushWhenDue();
    await settle();
    expect(store.writes).toHaveLength(1);
    monotonic += 1;
    meter.flushWhenDue();
    meter.flushWhenDue();
    await settle();
    expect(store.totalsOf('owner', today).day).toBe(2);
    expect(store.writes).toHaveLength(2);
  });

  test('requests begin nothing where nothing waits', async () => {
    await pass(usageInterval);
    meter.flushWhenDue();
    await settle();
    expect([store.writes, store.reads]).toEqual([[], []]);
  });
});

describe('at the end', () => {
  test('a flush stores everything, also what was counted while another was under way', async () => {
    store.behavior = 'hangs';
    meter.count('owner', 'name');
    const first = meter.flush();
    await settle();
    meter.count('owner', 'name', 10);
    const last = meter.flush();
    store.release();
    await Promise.all([first, last]);
    expect(store.totalsOf('owner', today).day).toBe(11);
  });

  test('a flush does not fail although the store does', async () => {
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await meter.flush();
    expect(store.totalsOf('owner', today).day).toBe(0);
  });
});

describe('while the store is down', () => {
  test('nothing is lost: it is stored once the store is back', async () => {
    store.behavior = 'fails';
    for (let interval = 0; interval < 10; interval++) {
      meter.count('owner', 'name');
      await pass(usageInterval);
    }
    store.behavior = 'answers';
    await pass(usageInterval);
    expect(store.totalsOf('owner', today).day).toBe(10);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('nothing is counted twice that it stored without saying so', async () => {
    store.behavior = 'loses the answer';
    meter.count('owner', 'name', 5);
    await pass(usageInterval);
    meter.count('owner', 'name', 1);
    await pass(usageInterval);
    expect(store.totalsOf('owner', today).day).toBe(5);
    store.behavior = 'answers';
    await pass(usageInterval);
    expect(store.totalsOf('owner', today).day).toBe(6);
  });

  test('one warning is given, and another only after it has been back', async () => {
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await pass(10 * usageInterval);
    expect(warnings).toEqual([new Error('The store is down.')]);
    store.behavior = 'answers';
    await pass(usageInterval);
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await pass(10 * usageInterval);
    expect(warnings).toHaveLength(2);
  });

  test('one owner that cannot be stored does not keep the others from it', async () => {
    const addUsage = store.addUsage.bind(store);
    store.addUsage = async (command) => {
      if (command.userId === 'broken') throw new Error('The stored document does not fit.');
      return addUsage(command);
    };
    for (const userId of ['broken', 'one', 'two']) meter.count(userId, 'name');
    await pass(10 * usageInterval);
    expect(['one', 'two'].map((userId) => store.totalsOf(userId, today).day)).toEqual([1, 1]);
    expect(warnings).toHaveLength(1);
  });

  test('memory stays bounded, and what had a place goes on being counted', async () => {
    store.behavior = 'fails';
    for (let index = 0; index < 100_100; index++) meter.count(`owner ${index}`, 'name');
    for (let index = 0; index < 100; index++) meter.count('owner 0', `name ${index}`);
    meter.count('owner 0', 'name');
    expect(warnings).toHaveLength(1);
    store.behavior = 'answers';
    await meter.flush();
    expect(store.writes).toHaveLength(100_000);
    expect(store.totalsOf('owner 0', today).day).toBe(2);
    meter.count('owner 100099', 'name');
    await meter.flush();
    expect(store.totalsOf('owner 100099', today).day, 'what was stored has made room').toBe(1);
  });
});

describe('a quota', () => {
  test('lets through the first request of an owner that was not seen before, while its totals are read once', async () => {
    await countElsewhere(requestsPerDay);
    expect([request(), request()]).toEqual([undefined, undefined]);
    expect(store.reads).toHaveLength(1);
    await settle();
    expect(request()).toEqual({ period: 'day', endsAt: Date.UTC(2025, 8, 1) / 1000 });
  });

  test('is exact for what this instance counts itself, before it is stored and after', async () => {
    request();
    await settle();
    for (let index = 1; index < requestsPerDay; index++) expect(request()).toBeUndefined();
    expect(request()).toMatchObject({ period: 'day' });
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'day' });
    expect(store.totalsOf('owner', today).day).toBe(requestsPerDay);
  });

  test('what others count is known within an interval', async () => {
    request();
    await settle();
    await countElsewhere(requestsPerDay);
    expect(request()).toBeUndefined();
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'day' });
  });

  test('of the month is told where that of the day is used up as well', async () => {
    await countElsewhere(requestsPerMonth, '2025-08-01');
    request();
    await settle();
    expect(request()).toEqual({ period: 'month', endsAt: Date.UTC(2025, 8, 1) / 1000 });
    await countElsewhere(requestsPerDay);
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'month' });
  });

  test('of a month ends with the month, not with the day', async () => {
    vi.setSystemTime(Date.UTC(2025, 11, 5, 12));
    await countElsewhere(requestsPerMonth, '2025-12-01');
    request();
    await settle();
    expect(request()).toEqual({ period: 'month', endsAt: Date.UTC(2026, 0, 1) / 1000 });
  });

  test('is free with the new UTC day, at once', async () => {
    await countElsewhere(requestsPerDay);
    request();
    await settle();
    vi.setSystemTime(Date.UTC(2025, 7, 31, 23, 59, 59, 999));
    expect(request()).toMatchObject({ period: 'day' });
    vi.setSystemTime(Date.UTC(2025, 8, 1));
    expect(request()).toBeUndefined();
  });

  test('what others counted in the new day is known within an interval', async () => {
    request();
    await settle();
    vi.setSystemTime(Date.UTC(2025, 8, 1));
    await countElsewhere(requestsPerDay, tomorrow);
    expect(request()).toBeUndefined();
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'day', endsAt: Date.UTC(2025, 8, 2) / 1000 });
  });

  test('that is used up in the old day and not stored yet does not weigh on the new one, but on the month', async () => {
    vi.setSystemTime(Date.UTC(2025, 7, 30, 23, 59, 59));
    request();
    await settle();
    meter.count('owner', 'name', requestsPerMonth);
    vi.setSystemTime(Date.UTC(2025, 7, 31));
    expect(request()).toMatchObject({ period: 'month' });
    await pass(3 * usageInterval);
    expect(request()).toMatchObject({ period: 'month' });
  });

  test('is that of the tier: a higher one frees at once, a lower one binds at once', async () => {
    await countElsewhere(requestsPerDay);
    request();
    await settle();
    expect(request('owner', 'pioneer')).toMatchObject({ period: 'day' });
    expect(request('owner', 'starter')).toBeUndefined();
    expect(request('owner', 'pioneer')).toMatchObject({ period: 'day' });
  });

  test("is each owner's own", async () => {
    await countElsewhere(requestsPerDay);
    request();
    request('other');
    await settle();
    expect([request('owner') === undefined, request('other') === undefined]).toEqual([false, true]);
  });

  test('that is used up is looked at again once an interval, however often it is asked for', async () => {
    await countElsewhere(requestsPerDay);
    request();
    await settle();
    const { length } = store.reads;
    for (let index = 0; index < 10 * 100; index++) {
      request();
      await pass(usageInterval / 100);
    }
    expect(store.reads.length - length).toBeLessThanOrEqual(10);
    expect(store.reads.length - length).toBeGreaterThanOrEqual(9);
  });

  test('that cannot be read lets through, and is asked for once an interval', async () => {
    store.behavior = 'fails';
    for (let index = 0; index < 100; index++) {
      expect(request()).toBeUndefined();
      await settle();
    }
    expect(store.reads).toHaveLength(1);
    store.behavior = 'answers';
    await countElsewhere(requestsPerDay);
    await pass(usageInterval);
    request();
    await settle();
    expect(request()).toMatchObject({ period: 'day' });
  });

  test('what was read before an addition does not replace what the addition answered', async () => {
    store.behavior = 'hangs';
    // The read hangs with nothing stored.
    expect(meter.exhaustedQuota('owner', 'pioneer')).toBeUndefined();
    store.behavior = 'answers';
    meter.count('owner', 'name', requestsPerDay);
    await meter.flush();
    store.release();
    await settle();
    expect(request()).toMatchObject({ period: 'day' });
  });
});
