import type { KeyId } from '@andamio/verification/digest';
import { beforeEach, expect, test } from 'vitest';
import type { FoundKey } from './model.ts';
import { type Rehashing, rehashing } from './rehashing.ts';
import { type KeyStore, StoreUnavailableError } from './store.ts';

/** Returns a key as it is stored under a pepper. The index determines its id and its serial. */
function storedKey(index: number, pepperVersion: string): FoundKey {
  return {
    record: {
      id: `${pepperVersion} ${index}` as KeyId,
      serial: `serial ${index}`,
      userId: 'owner',
      name: `name ${index}`,
      start: 'ant-',
      pepperVersion,
      createdAt: 0,
      expiresAt: 4_000_000_000,
      expiresInDays: 1,
      deleteAfter: 4_000_000_000,
    },
    tier: 'pioneer',
    suspended: false,
  };
}

let stored: FoundKey | undefined;
/** The transactions that were started. The test ends them. */
let started: { readonly id: string; end(): void; fail(): void }[];
let clock: number;
let warnings: unknown[];
let keys: Rehashing;

beforeEach(() => {
  [stored, started, clock, warnings] = [undefined, [], 0, []];
  const transact = ({ ids }: { readonly ids: readonly string[] }) =>
    new Promise((resolve, reject) => {
      started.push({
        id: ids[0] as string,
        end: () => resolve('rehashed'),
        fail: () => reject(new StoreUnavailableError('down')),
      });
    });
  const store = { find: async () => stored, transact } as unknown as KeyStore;
  keys = rehashing({
    store,
    newestVersion: 'new',
    now: () => 1_000,
    monotonicNow: () => clock,
    warn: (error) => void warnings.push(error),
  });
});

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Reads a key that is stored under an older pepper, as a verification does. */
function read(index: number) {
  const found = storedKey(index, 'old');
  keys.rehash(found, { id: `new ${index}` as KeyId, pepperVersion: 'new' });
}

test('a key that was not rehashed because of the concurrency limit is rehashed when it is next read', async () => {
  for (let index = 0; index < 25; index++) read(index);
  expect(started).toHaveLength(10);
  for (let round = 0; round < 2; round++) {
    for (const { end } of started) end();
    await settle();
    for (let index = 0; index < 25; index++) read(index);
  }
  expect(new Set(started.map(({ id }) => id)).size).toBe(25);
  expect(started).toHaveLength(25);
});

test('a key is rehashed again only a day after any read found it under the newest pepper', async () => {
  stored = storedKey(1, 'new');
  await keys.find(['older' as KeyId, stored.record.id]);
  clock += 86_399_999;
  read(1);
  expect(started).toEqual([]);
  clock += 1;
  read(1);
  expect(started).toHaveLength(1);
});

test('reads that find a key under an older pepper do not delay its rehash', async () => {
  stored = storedKey(1, 'old');
  await keys.find([stored.record.id]);
  read(1);
  expect(started).toHaveLength(1);
});

test('warns once while rehashes fail, and again after one has succeeded', async () => {
  const warned: number[] = [];
  for (const outcome of ['fail', 'fail', 'end', 'fail'] as const) {
    read(started.length);
    started.at(-1)?.[outcome]();
    await settle();
    warned.push(warnings.length);
  }
  expect(warned).toEqual([1, 1, 1, 2]);
  expect(warnings[0]).toEqual(new StoreUnavailableError('down'));
});
