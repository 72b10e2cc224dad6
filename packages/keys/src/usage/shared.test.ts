import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ControlledUsageStore } from '../../test/controlled-usage-store.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../store.ts';
import { usageInterval } from './meter.ts';
import { rememberedFor } from './month.ts';
import {
  type ClaimedBatch,
  type SharedUsage,
  SharedUsageStorer,
  storingBeforeReads,
} from './shared.ts';
import type { UsageStore } from './store.ts';

const noon = Date.UTC(2025, 7, 31, 12);
const day = '2025-08-31';

/** Shared usage in which all claims end when a call to the storer ends. */
class ControlledSharedUsage implements SharedUsage {
  batches: ClaimedBatch['addition'][] = [];
  /** The numbers of the batches that the current call has claimed. */
  readonly claimed = new Set<number>();
  readonly confirmed: (number | undefined)[] = [];

  add(userId: string, number: number): void {
    const counts = new Map([['name', 1]]);
    const command = { userId, day, instance: 'shared', number, counts, lastUses: new Map() };
    this.batches.push({ ...command, isRepeated: true });
  }

  async claimDue() {
    const due = this.batches.filter(({ number }) => !this.claimed.has(number)).slice(0, 2);
    for (const { number } of due) this.claimed.add(number);
    return due.map((addition) => this.#claim(addition));
  }

  async claimOf(userId: string) {
    const addition = this.batches.find((batch) => batch.userId === userId);
    return addition && this.#claim(addition);
  }

  #claim(addition: ClaimedBatch['addition']): ClaimedBatch {
    const confirm = async (totals: { month: number } | undefined) => {
      this.batches = this.batches.filter(({ number }) => number !== addition.number);
      this.confirmed.push(totals?.month);
    };
    return { addition, confirm };
  }
}

let store: ControlledUsageStore;
let shared: ControlledSharedUsage;
/** The reported errors, by event. */
let reports: Record<string, unknown[]>;
let monotonic: number;
let storer: SharedUsageStorer;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'Date'], now: noon });
  monotonic = 1_000_000;
  reports = {};
  store = new ControlledUsageStore();
  shared = new ControlledSharedUsage();
  storer = new SharedUsageStorer({
    shared,
    store,
    monotonicNow: () => monotonic,
    warn(error, { event }) {
      reports[event] = [...(reports[event] ?? []), error];
    },
  });
});
afterEach(() => void vi.useRealTimers());

async function flush() {
  shared.claimed.clear();
  await storer.flush();
}

test('stores all due batches and confirms each with the totals', async () => {
  for (let number = 1; number <= 5; number++) shared.add('owner', number);
  await flush();
  expect(shared.confirmed).toEqual([1, 2, 3, 4, 5]);
  expect(shared.batches).toEqual([]);
});

test('looks for due batches once an interval, also by requests when timers are late', async () => {
  shared.add('owner', 1);
  monotonic += usageInterval;
  await vi.advanceTimersByTimeAsync(usageInterval);
  expect(shared.confirmed).toHaveLength(1);
  shared.add('owner', 2);
  monotonic += usageInterval - 1;
  storer.flushWhenDue();
  await vi.advanceTimersByTimeAsync(0);
  expect(shared.confirmed).toHaveLength(1);
  monotonic += 1;
  storer.flushWhenDue();
  await vi.waitFor(() => expect(shared.confirmed).toHaveLength(2));
});

test('looks for due batches at every tick of its timer, even if the clock is a little behind', async () => {
  for (let tick = 1; tick <= 3; tick++) {
    shared.add('owner', tick);
    monotonic += usageInterval - 0.3;
    await vi.advanceTimersByTimeAsync(usageInterval);
    expect(shared.confirmed).toHaveLength(tick);
  }
});

test('looks for due batches an interval after a request did, not at the next tick of its timer', async () => {
  shared.add('owner', 1);
  await vi.advanceTimersByTimeAsync(usageInterval - 1);
  monotonic += usageInterval;
  storer.flushWhenDue();
  await vi.advanceTimersByTimeAsync(0);
  expect(shared.confirmed).toHaveLength(1);
  shared.add('owner', 2);
  monotonic += usageInterval;
  await vi.advanceTimersByTimeAsync(usageInterval - 1);
  expect(shared.confirmed).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(shared.confirmed).toHaveLength(2);
});

test('warns once while the store is down, and stores the batches once when it recovers', async () => {
  for (let number = 1; number <= 5; number++) shared.add(`owner ${number}`, number);
  store.behavior = 'fails';
  await flush();
  expect(store.writes, 'it stops when no batch could be stored').toHaveLength(2);
  shared.claimed.clear();
  for (const { number } of shared.batches) shared.claimed.add(number);
  await storer.flush();
  store.behavior = 'loses the answer';
  await flush();
  expect(reports).toEqual({
    usage_unavailable: [new StoreUnavailableError('The store is down.')],
  });
  store.behavior = 'answers';
  await flush();
  expect(shared.confirmed).toEqual([1, 1, 1, 1, 1]);
  store.behavior = 'loses the answer';
  shared.add('owner 6', 6);
  await flush();
  expect(reports['usage_unavailable']?.slice(1)).toEqual([
    new OutcomeUnknownError('The store did not confirm the write.'),
  ]);
});

test('stores the batches of other owners if one cannot be stored, and still reports outages', async () => {
  const addUsage = store.addUsage.bind(store);
  store.addUsage = async (command) => {
    if (command.userId === 'broken') throw new Error('The stored document does not fit.');
    return addUsage(command);
  };
  for (const [index, userId] of ['broken', 'one', 'two', 'three'].entries())
    shared.add(userId, index + 1);
  await flush();
  await flush();
  expect(shared.batches.map(({ userId }) => userId)).toEqual(['broken']);
  expect(reports).toEqual({ usage_of_owner_failed: [expect.any(Error)] });
  shared.add('four', 5);
  store.behavior = 'fails';
  await flush();
  await flush();
  expect(reports['usage_unavailable']).toHaveLength(1);
  expect(reports['usage_of_owner_failed']).toHaveLength(1);
});

test('gives up and reports a batch that the store no longer recognizes', async () => {
  await store.addUsage({
    ...{ userId: 'owner', day, instance: 'another', number: 2 * rememberedFor },
    ...{ isRepeated: false, counts: new Map([['name', 100]]), lastUses: new Map() },
  });
  await store.addUsage({
    ...{ userId: 'owner', day, instance: 'third', number: 4 * rememberedFor },
    ...{ isRepeated: false, counts: new Map([['name', 100]]), lastUses: new Map() },
  });
  shared.add('owner', rememberedFor);
  await flush();
  expect(shared.confirmed).toEqual([undefined]);
  expect(reports).toEqual({
    usage_lost: [new Error('Additions of unknown outcome that the store no longer recognizes: 1.')],
  });
  expect(store.totalsOf('owner', day).day).toBe(200);
});

test('stores the usage of an owner before it is read, and reads it although that fails', async () => {
  const readable = storingBeforeReads(store, storer);
  shared.add('owner', 1);
  shared.add('other', 2);
  expect(await readable.readTotals('owner', day)).toEqual({ day: 1, month: 1 });
  expect(shared.batches).toHaveLength(1);
  const addUsage = store.addUsage.bind(store);
  store.addUsage = async () => Promise.reject(new StoreUnavailableError('The store is down.'));
  expect(await readable.readTotals('other', day)).toEqual({ day: 0, month: 0 });
  store.addUsage = addUsage;
});

test('stores several batches of an owner before it reads the usage', async () => {
  for (let number = 1; number <= 3; number++) shared.add('owner', number);
  const readable = storingBeforeReads(store, storer);
  expect(await readable.readTotals('owner', day)).toEqual({ day: 3, month: 3 });
});

test.each(['readTotals', 'readActivity'] as const)(
  'stores the usage of an owner before %s',
  async (method) => {
    const calls: string[] = [];
    const recorded = { [method]: async () => void calls.push(method) } as never as UsageStore;
    const flushOwner = async (userId: string) => void calls.push(userId);
    const readable = storingBeforeReads(recorded, { flushOwner });
    await (method === 'readTotals'
      ? readable.readTotals('owner', day)
      : readable[method]({ userId: 'owner', days: [], names: [], months: [], serials: [] }));
    expect(calls).toEqual(['owner', method]);
  },
);

test('warns of batches that cannot be read, and continues', async () => {
  const failure = new Error('The batch cannot be read.');
  shared.claimDue = async () => Promise.reject(failure);
  shared.claimOf = async () => Promise.reject(failure);
  await storer.flush();
  await storer.flushOwner('owner');
  expect(reports).toEqual({ usage_unavailable: [failure] });
});
