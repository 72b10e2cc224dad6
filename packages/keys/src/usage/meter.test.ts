import { hash } from 'node:crypto';
import { tiers } from '@andamio/schema/tiers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ControlledUsageStore } from '../../test/controlled-usage-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store.ts';
import { UsageMeter, usageInterval } from './meter.ts';
import { rememberedFor } from './month.ts';

const noon = Date.UTC(2025, 7, 31, 12);
const today = '2025-08-31';
const tomorrow = '2025-09-01';
const { requestsPerDay, requestsPerMonth } = tiers.pioneer;

let store: ControlledUsageStore;
/** The reported errors, by event. */
let reports: Record<string, unknown[]>;
let monotonic: number;

function createMeter() {
  return new UsageMeter({
    store,
    now: Date.now,
    monotonicNow: () => monotonic,
    warn(error, { event }) {
      reports[event] = [...(reports[event] ?? []), error];
    },
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

/** Counts requests directly in the store, as another instance would. */
const countElsewhere = (requests: number, day = today, userId = 'owner') =>
  store.addUsage({
    userId,
    day,
    instance: crypto.randomUUID(),
    number: noon * 1000,
    isRepeated: false,
    counts: new Map([['name', requests]]),
    lastUses: new Map(),
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
  reports = {};
  store = new ControlledUsageStore();
  meter = createMeter();
});
afterEach(() => void vi.useRealTimers());

describe('storing counted usage', () => {
  test('stores the first usage at once and later usage once an interval', async () => {
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

  test('stores the usage of all names of an owner with one write', async () => {
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

  test('stores the minute of the last request of each secret with the same write', async () => {
    const minute = noon / 60_000;
    meter.count('owner', 'name', 1, 'current');
    meter.count('owner', 'name', 1, 'previous');
    await pass(usageInterval);
    vi.setSystemTime(noon + 60_000);
    meter.count('owner', 'name', 1, 'current');
    vi.setSystemTime(noon + 119_999);
    meter.count('owner', 'name', 1, 'current');
    await pass(usageInterval);
    expect(store.writes.map(({ lastUses }) => Object.fromEntries(lastUses))).toEqual([
      { current: minute, previous: minute },
      { current: minute + 1 },
    ]);
  });

  test('counts requests but notes no more last uses while too much usage is unreported', async () => {
    store.behavior = 'fails';
    for (let index = 0; index < 60_000; index++) {
      meter.count('owner', `name ${index}`, 1, `secret ${index}`);
    }
    store.behavior = 'answers';
    await meter.flush();
    const [{ counts, lastUses } = { counts: new Map(), lastUses: new Map() }] = store.writes;
    expect(counts.size + lastUses.size).toBe(100_000);
  });

  test('writes nothing and sets no timer while no usage is counted', async () => {
    meter.count('owner', 'name');
    await pass(100 * usageInterval);
    expect(store.writes).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('stores usage under the UTC day in which it was counted, before and after midnight', async () => {
    vi.setSystemTime(Date.UTC(2025, 7, 31, 23, 59, 59, 999));
    meter.count('owner', 'name', 2);
    vi.setSystemTime(Date.UTC(2025, 8, 1));
    meter.count('owner', 'name', 3);
    await meter.flush();
    expect(store.totalsOf('owner', today)).toEqual({ day: 2, month: 2 });
    expect(store.totalsOf('owner', tomorrow)).toEqual({ day: 3, month: 3 });
  });

  test('stores usage that is counted during a write exactly once', async () => {
    store.behavior = 'hangs';
    meter.count('owner', 'name');
    await settle();
    meter.count('owner', 'name', 10);
    store.release();
    await pass(usageInterval);
    expect(store.totalsOf('owner', today).day).toBe(11);
  });
});

describe('late timers', () => {
  test('a request after the interval starts one write of the unreported usage', async () => {
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

  test('a request starts no write while no usage is unreported', async () => {
    await pass(usageInterval);
    meter.flushWhenDue();
    await settle();
    expect([store.writes, store.reads]).toEqual([[], []]);
  });
});

describe('flush', () => {
  test('flush stores all usage, including usage that was counted during an earlier flush', async () => {
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

  test('flush does not reject if the store fails', async () => {
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await meter.flush();
    expect(store.totalsOf('owner', today).day).toBe(0);
  });
});

describe('while the store is down', () => {
  test('stores all usage after the store recovers', async () => {
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

  test('does not count usage twice if the store writes it but does not respond', async () => {
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

  test('warns once per outage of the store', async () => {
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await pass(10 * usageInterval);
    expect(reports).toEqual({
      usage_unavailable: [new StoreUnavailableError('The store is down.')],
    });
    store.behavior = 'answers';
    await pass(usageInterval);
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await pass(10 * usageInterval);
    expect(reports['usage_unavailable']).toHaveLength(2);
  });

  test('sends an addition of unknown outcome again unchanged, before later counts', async () => {
    store.behavior = 'loses the answer';
    meter.count('owner', 'name', 5);
    await settle();
    meter.count('owner', 'name', 1);
    store.behavior = 'fails';
    await pass(usageInterval);
    store.behavior = 'answers';
    await pass(usageInterval);
    const [first, ...repeated] = store.writes.slice(0, 3);
    expect(first).toMatchObject({ isRepeated: false, counts: new Map([['name', 5]]) });
    for (const write of repeated) expect(write).toEqual({ ...first, isRepeated: true });
    expect(store.writes[3]).toMatchObject({ isRepeated: false, counts: new Map([['name', 1]]) });
    expect(store.totalsOf('owner', today).day).toBe(6);
  });

  test('does not mark an addition as repeated that the store certainly did not make', async () => {
    store.behavior = 'fails';
    meter.count('owner', 'name');
    await pass(3 * usageInterval);
    expect(store.writes.map(({ isRepeated }) => isRepeated)).not.toContain(true);
  });

  test('numbers the additions of an owner in ascending order although the clock is set back', async () => {
    for (const hour of [12, 11, 13]) {
      vi.setSystemTime(Date.UTC(2025, 7, 31, hour));
      meter.count('owner', 'name');
      await pass(usageInterval);
    }
    const numbers = store.writes.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(new Set(numbers).size).toBe(3);
    expect(store.totalsOf('owner', today).day).toBe(3);
  });

  test('gives up and reports an addition that the store has forgotten, and makes later ones', async () => {
    store.behavior = 'loses the answer';
    meter.count('owner', 'name', 5);
    await settle();
    meter.count('owner', 'name', 10);
    store.behavior = 'answers';
    // Another instance adds later, when the first addition is no longer remembered.
    await store.addUsage({
      userId: 'owner',
      day: today,
      instance: 'another',
      number: (noon + 1) * 1000 + rememberedFor,
      isRepeated: false,
      counts: new Map([['name', 100]]),
      lastUses: new Map(),
    });
    await pass(2 * usageInterval);
    expect(store.totalsOf('owner', today).day).toBe(115);
    expect(reports).toEqual({
      usage_unavailable: [new OutcomeUnknownError('The store did not confirm the write.')],
      usage_lost: [
        new Error('Additions of unknown outcome that the store no longer recognizes: 1.'),
      ],
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('stores the usage of other owners if that of one owner cannot be stored, and still reports outages', async () => {
    const addUsage = store.addUsage.bind(store);
    store.addUsage = async (command) => {
      if (command.userId === 'broken') throw new Error('The stored document does not fit.');
      return addUsage(command);
    };
    for (const userId of ['broken', 'one', 'two']) meter.count(userId, 'name');
    await pass(10 * usageInterval);
    expect(['one', 'two'].map((userId) => store.totalsOf(userId, today).day)).toEqual([1, 1]);
    const ofOwner = [
      new Error(
        `Owners whose usage cannot be stored or read: 1. The SHA-256 hash of the first one's user id is ${hash('sha256', 'broken', 'base64url')}.`,
      ),
    ];
    expect(reports, 'once, not at each attempt').toEqual({ usage_of_owner_failed: ofOwner });
    for (let outage = 1; outage <= 2; outage++) {
      store.behavior = 'fails';
      meter.count('one', 'name');
      await pass(10 * usageInterval);
      store.behavior = 'answers';
      await pass(usageInterval);
      expect(reports['usage_unavailable']).toHaveLength(outage);
    }
    expect(reports['usage_of_owner_failed']).toEqual(ofOwner);
  });

  test('reports an owner whose usage cannot be read apart from outages', async () => {
    store.readTotals = () => Promise.reject(new Error('The stored document does not fit.'));
    request('broken');
    await settle();
    expect(Object.keys(reports)).toEqual(['usage_of_owner_failed']);
  });

  test('reports the requests of all owners that are unstored when the process exits', async () => {
    meter.count('one', 'stored', 5);
    await settle();
    meter.reportUnstored();
    expect(reports, 'while all usage is stored').toEqual({});
    store.behavior = 'hangs';
    meter.count('one', 'name', 2);
    void meter.flush();
    await settle();
    meter.count('one', 'name', 3);
    meter.count('two', 'name');
    meter.reportUnstored();
    expect(reports).toEqual({
      usage_lost: [new Error('Requests whose usage was not stored before the process exited: 6.')],
    });
  });

  test('bounds memory, and continues to count names that it already counts', async () => {
    store.behavior = 'fails';
    for (let index = 0; index < 100_100; index++) meter.count(`owner ${index}`, 'name');
    for (let index = 0; index < 100; index++) meter.count('owner 0', `name ${index}`);
    meter.count('owner 0', 'name');
    store.behavior = 'answers';
    await meter.flush();
    expect(store.writes).toHaveLength(100_000);
    expect(store.totalsOf('owner 0', today).day).toBe(2);
    meter.count('owner 100099', 'name');
    await meter.flush();
    expect(store.totalsOf('owner 100099', today).day, 'stored usage frees its memory').toBe(1);
  }, 30_000);

  test('reports that requests are not counted, and how many, once per outage and beside the outage', async () => {
    const begun = new Error(
      'Too much usage is unreported. Requests with further keys are not counted until it is stored.',
    );
    const ended = new Error(
      'Requests that were not counted while too much usage was unreported: 202.',
    );
    for (let outage = 1; outage <= 2; outage++) {
      store.behavior = 'fails';
      meter.count('owner', 'name');
      await meter.flush();
      for (let index = 0; index < 100_100; index++) meter.count(`owner ${index}`, 'name', 2);
      await meter.flush();
      expect(reports['usage_lost'], 'while the store is down').toHaveLength(2 * outage - 1);
      store.behavior = 'answers';
      await meter.flush();
      expect(reports).toEqual({
        usage_unavailable: Array(outage).fill(new StoreUnavailableError('The store is down.')),
        usage_lost: Array(outage).fill([begun, ended]).flat(),
      });
    }
  }, 30_000);
});

describe('quotas', () => {
  test('knows the totals of a hundred thousand owners without reading them again', async () => {
    const owners = Array.from({ length: 100_000 }, (_, index) => `owner ${index}`);
    for (const owner of owners) meter.exhaustedQuota(owner, 'pioneer');
    await pass(usageInterval);
    for (const owner of owners) meter.exhaustedQuota(owner, 'pioneer');
    await settle();
    expect(store.reads).toHaveLength(owners.length);
  });

  test('allows the first requests of an owner while it reads the totals once', async () => {
    await countElsewhere(requestsPerDay);
    expect([request(), request()]).toEqual([undefined, undefined]);
    expect(store.reads).toHaveLength(1);
    await settle();
    expect(request()).toEqual({ period: 'day', endsAt: Date.UTC(2025, 8, 1) / 1000 });
  });

  test('enforces the exact quota for usage that this instance counts, before and after it is stored', async () => {
    request();
    await settle();
    for (let index = 1; index < requestsPerDay; index++) expect(request()).toBeUndefined();
    expect(request()).toMatchObject({ period: 'day' });
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'day' });
    expect(store.totalsOf('owner', today).day).toBe(requestsPerDay);
  });

  test('includes usage of other instances within an interval', async () => {
    request();
    await settle();
    await countElsewhere(requestsPerDay);
    expect(request()).toBeUndefined();
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'day' });
  });

  test('reports the monthly quota if the daily one is exceeded as well', async () => {
    await countElsewhere(requestsPerMonth, '2025-08-01');
    request();
    await settle();
    expect(request()).toEqual({ period: 'month', endsAt: Date.UTC(2025, 8, 1) / 1000 });
    await countElsewhere(requestsPerDay);
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'month' });
  });

  test('reports that an exceeded monthly quota resets at the end of the month', async () => {
    vi.setSystemTime(Date.UTC(2025, 11, 5, 12));
    await countElsewhere(requestsPerMonth, '2025-12-01');
    request();
    await settle();
    expect(request()).toEqual({ period: 'month', endsAt: Date.UTC(2026, 0, 1) / 1000 });
  });

  test('allows requests at the start of the next UTC day', async () => {
    await countElsewhere(requestsPerDay);
    request();
    await settle();
    vi.setSystemTime(Date.UTC(2025, 7, 31, 23, 59, 59, 999));
    expect(request()).toMatchObject({ period: 'day' });
    vi.setSystemTime(Date.UTC(2025, 8, 1));
    expect(request()).toBeUndefined();
  });

  test('includes usage of other instances in a new day within an interval', async () => {
    request();
    await settle();
    vi.setSystemTime(Date.UTC(2025, 8, 1));
    await countElsewhere(requestsPerDay, tomorrow);
    expect(request()).toBeUndefined();
    await pass(usageInterval);
    expect(request()).toMatchObject({ period: 'day', endsAt: Date.UTC(2025, 8, 2) / 1000 });
  });

  test('counts unreported usage of the day before toward the month, and not toward the new day', async () => {
    vi.setSystemTime(Date.UTC(2025, 7, 30, 23, 59, 59));
    request();
    await settle();
    meter.count('owner', 'name', requestsPerMonth);
    vi.setSystemTime(Date.UTC(2025, 7, 31));
    expect(request()).toMatchObject({ period: 'month' });
    await pass(3 * usageInterval);
    expect(request()).toMatchObject({ period: 'month' });
  });

  test('applies the quota of a higher or lower tier at once', async () => {
    await countElsewhere(requestsPerDay);
    request();
    await settle();
    expect(request('owner', 'pioneer')).toMatchObject({ period: 'day' });
    expect(request('owner', 'starter')).toBeUndefined();
    expect(request('owner', 'pioneer')).toMatchObject({ period: 'day' });
  });

  test('applies the quota to each owner separately', async () => {
    await countElsewhere(requestsPerDay);
    request();
    request('other');
    await settle();
    expect([request('owner') === undefined, request('other') === undefined]).toEqual([false, true]);
  });

  test('reads the totals of an exceeded quota once an interval, however many requests arrive', async () => {
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

  test('allows requests while the totals cannot be read, and reads them once an interval', async () => {
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

  test('ignores a read that started before a write whose totals are newer', async () => {
    store.behavior = 'hangs';
    // The read hangs. When it started, nothing was stored.
    expect(meter.exhaustedQuota('owner', 'pioneer')).toBeUndefined();
    store.behavior = 'answers';
    meter.count('owner', 'name', requestsPerDay);
    await meter.flush();
    store.release();
    await settle();
    expect(request()).toMatchObject({ period: 'day' });
  });
});
