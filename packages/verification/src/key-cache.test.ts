import { beforeEach, describe, expect, test, vi } from 'vitest';
import { controlledFind, foundKey } from '../test/controlled-find.ts';
import type { CacheEntry } from './cache-entries.ts';
import type { KeyId } from './digest.ts';
import { KeyCache, StaleReadError } from './key-cache.ts';
import type { VerifiableKey } from './verifiable-key.ts';

const maximumAge = 10_000;
const isExpired = ({ record }: VerifiableKey) => record.expiresAt === 0;
const expiredKey = (id: string) => foundKey(id, { expiresAt: 0 });

function setUp() {
  const store = controlledFind();
  const clock = { now: 1_000_000 };
  const cache = new KeyCache({
    find: store.find,
    isValid: (found) => !found.suspended && !isExpired(found),
    maximumAge,
    monotonicNow: () => clock.now,
  });
  return { store, clock, cache };
}

const id = (text: string) => text as KeyId;

let { store, clock, cache } = setUp();
beforeEach(() => {
  ({ store, clock, cache } = setUp());
});

/** Reads an id while the store returns the given key. */
async function load(text: string, found: VerifiableKey | undefined) {
  const answer = cache.read([id(text)]);
  store.read(store.reads.length - 1).find(found);
  return answer;
}

describe('a cached entry', () => {
  test('returns a cached entry for its own id only', async () => {
    expect(cache.get(id('a'))).toBeUndefined();
    await load('a', foundKey('a'));
    expect(cache.get(id('a'))?.found).toEqual(foundKey('a'));
    expect(cache.get(id('b'))).toBeUndefined();
  });

  test('caches a key under its own id, whichever of the given ids that is', async () => {
    const answer = cache.read([id('new'), id('old')]);
    expect(store.read(0).ids).toEqual(['new', 'old']);
    store.read(0).find(foundKey('old'));
    await answer;
    expect(cache.get(id('new'))).toBeUndefined();
    expect(cache.get(id('old'))?.found?.record.id).toBe('old');
  });

  test('expires an entry at the maximum age, counted from the start of its read', async () => {
    const answer = cache.read([id('a')]);
    clock.now += 4_000;
    store.read(0).find(foundKey('a'));
    expect((await answer).startedAt).toBe(1_000_000);
    clock.now += 5_999;
    expect(cache.get(id('a'))).toBeDefined();
    clock.now += 1;
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test('does not return an entry whose key is no longer valid', async () => {
    const key = { ...foundKey('a'), suspended: false };
    await load('a', key);
    key.suspended = true;
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test.each([
    ['an unknown id', undefined],
    ['an expired key', expiredKey('a')],
    ['a key of a suspended owner', foundKey('a', { suspended: true })],
  ])('expires an entry for %s after one second', async (_what, found) => {
    await load('a', found);
    clock.now += 999;
    expect(cache.get(id('a'))).toEqual({ found, startedAt: 1_000_000 });
    clock.now += 1;
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test('returns no entry past its maximum age when the store is down', async () => {
    await load('a', foundKey('a'));
    clock.now += maximumAge;
    const answer = cache.read([id('a')]);
    store.read(1).fail(new Error('down'));
    await expect(answer).rejects.toThrow('down');
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test('does not cache the result of a read that took longer than the maximum age', async () => {
    const answer = cache.read([id('a')]);
    clock.now += maximumAge;
    store.read(0).find(foundKey('a'));
    await expect(answer).rejects.toThrow(StaleReadError);
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test('does not cache a failed read', async () => {
    const failing = cache.read([id('a')]);
    store.read(0).fail(new Error('down'));
    await expect(failing).rejects.toThrow('down');
    expect(await load('a', foundKey('a'))).toMatchObject({ found: foundKey('a') });
    expect(store.reads).toHaveLength(2);
  });
});

describe('a cached entry that nears its maximum age', () => {
  let entry: CacheEntry<VerifiableKey>;
  beforeEach(async () => {
    entry = await load('a', foundKey('a'));
    clock.now += 6_000;
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const refresh = () => cache.refresh(entry, [id('a')]);

  test('is due for a refresh from 60 percent of its maximum age', () => {
    clock.now -= 1;
    expect(cache.isDue(entry)).toBe(false);
    clock.now += 1;
    expect(cache.isDue(entry)).toBe(true);
  });

  test('is not due while a refresh is pending', async () => {
    void refresh();
    clock.now += 3_999;
    expect(cache.get(id('a'))).toBe(entry);
    expect(cache.isDue(entry)).toBe(false);
  });

  test('is returned while it is refreshed, and then replaced', async () => {
    void refresh();
    expect(cache.get(id('a'))).toBe(entry);
    expect(store.reads.map(({ ids }) => ids)).toEqual([['a'], ['a']]);
    clock.now += 1_000;
    store.read(1).find(foundKey('a'));
    await settle();
    clock.now += 8_999;
    expect(cache.get(id('a')), 'its age counts from the read').toBeDefined();
    clock.now += 1;
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test.each([
    ['deleted', undefined],
    ['suspended', foundKey('a', { suspended: true })],
  ])('is replaced by a refusal as soon as a refresh finds the key %s', async (_what, found) => {
    const refreshed = refresh();
    store.read(1).find(found);
    expect(await refreshed).toEqual({ found, startedAt: 1_006_000 });
    expect(cache.get(id('a'))).toEqual({ found, startedAt: 1_006_000 });
  });

  test('is returned until its maximum age while refreshes fail, and is due again once a second', async () => {
    const failing = refresh();
    store.read(1).fail(new Error('down'));
    await expect(failing).rejects.toThrow('down');
    clock.now += 999;
    expect(cache.isDue(entry)).toBe(false);
    clock.now += 1;
    expect(cache.isDue(entry)).toBe(true);
    clock.now += 2_999;
    expect(cache.get(id('a'))).toBe(entry);
    clock.now += 1;
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test.each([
    ['by its id', () => cache.invalidate(['a'])],
    ['with its owner', () => cache.invalidateOwner('user')],
  ])(
    'is not restored by a refresh that started before it was invalidated %s',
    async (_what, invalidate) => {
      void refresh();
      invalidate();
      store.read(1).find(foundKey('a'));
      await settle();
      expect(cache.get(id('a'))).toBeUndefined();
    },
  );
});

describe('a cached entry of a key that may be stored under several peppers', () => {
  const ids = [id('new'), id('old')] as const;
  const idsRead = () => store.reads.map((read) => read.ids);

  /** Caches a key under one of its ids, and starts to refresh the entry. */
  async function startRefresh(cached: string) {
    const answer = cache.read(ids);
    store.read(0).find(foundKey(cached));
    const entry = await answer;
    clock.now += 6_000;
    return { entry, refreshed: cache.refresh(entry, ids) };
  }

  test('a refresh reads a key under the first pepper by one id only', async () => {
    const { refreshed } = await startRefresh('new');
    store.read(1).find(foundKey('new'));
    expect(await refreshed).toEqual({ found: foundKey('new'), startedAt: 1_006_000 });
    expect(cache.get(id('new'))).toBe(await refreshed);
    expect(idsRead()).toEqual([['new', 'old'], ['new']]);
  });

  test('a refresh finds a key that was rehashed to an older pepper, and returns the cached entry meanwhile', async () => {
    const { entry, refreshed } = await startRefresh('new');
    store.read(1).find(undefined);
    await vi.waitFor(() => expect(store.reads).toHaveLength(3));
    expect(cache.get(id('new'))).toBe(entry);
    store.read(2).find(foundKey('old'));
    expect((await refreshed).found).toEqual(foundKey('old'));
    expect(idsRead()).toEqual([['new', 'old'], ['new'], ['new', 'old']]);
    expect(ids.map((one) => cache.get(one))).toEqual([undefined, await refreshed]);
  });

  test('a refresh finds a key that was rehashed to the first pepper', async () => {
    const { refreshed } = await startRefresh('old');
    store.read(1).find(foundKey('new'));
    expect((await refreshed).found).toEqual(foundKey('new'));
    expect(idsRead()).toEqual([
      ['new', 'old'],
      ['new', 'old'],
    ]);
    expect(ids.map((one) => cache.get(one))).toEqual([await refreshed, undefined]);
  });

  test('a refresh refuses a deleted key once it was found under no pepper', async () => {
    const { refreshed } = await startRefresh('new');
    store.read(1).find(undefined);
    await vi.waitFor(() => expect(store.reads).toHaveLength(3));
    store.read(2).find(undefined);
    expect((await refreshed).found).toBeUndefined();
    expect(cache.get(id('new'))).toBe(await refreshed);
  });

  test('a read does not join a refresh that reads only one of the ids', async () => {
    const { refreshed } = await startRefresh('new');
    clock.now += 4_000;
    expect(cache.get(id('new'))).toBeUndefined();
    const answer = cache.read(ids);
    expect(store.reads).toHaveLength(3);
    store.read(2).find(foundKey('old'));
    const found = await answer;
    expect(found.found).toEqual(foundKey('old'));
    store.read(1).find(foundKey('new'));
    await refreshed;
    expect(
      ids.map((one) => cache.get(one)),
      'the earlier read does not replace the result',
    ).toEqual([undefined, found]);
  });
});

describe('concurrent reads of one key', () => {
  test('shares one read of the store between concurrent reads of a key', async () => {
    const answers = Promise.all(Array.from({ length: 100 }, () => cache.read([id('a')])));
    expect(store.reads).toHaveLength(1);
    store.read(0).find(foundKey('a'));
    expect(new Set((await answers).map(({ found }) => found?.record.id))).toEqual(new Set(['a']));
  });

  test('rejects all concurrent reads of a key when the shared read fails', async () => {
    const answers = Promise.allSettled([cache.read([id('a')]), cache.read([id('a')])]);
    store.read(0).fail(new Error('down'));
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('does not join a read that has exceeded the maximum age', async () => {
    const slow = cache.read([id('a')]);
    clock.now += maximumAge;
    const fresh = cache.read([id('a')]);
    store.read(1).find(foundKey('a'));
    expect((await fresh).found).toBeDefined();
    store.read(0).find(undefined);
    await expect(slow).rejects.toThrow(StaleReadError);
    expect(cache.get(id('a'))?.found, 'the late result does not replace it').toBeDefined();
  });

  test('does not let a slow read delay reads of other keys', async () => {
    void cache.read([id('a')]);
    expect((await load('b', undefined)).found).toBeUndefined();
  });
});

describe('invalidation', () => {
  test.each([
    ['a valid key', foundKey('a')],
    ['a refusal', undefined],
  ])('removes %s from the cache when its id is invalidated', async (_what, found) => {
    await load('a', found);
    cache.invalidate(['a']);
    expect(cache.get(id('a'))).toBeUndefined();
  });

  test('discards a read that was pending at an invalidation, and starts a new one for later callers', async () => {
    const before = cache.read([id('new'), id('old')]);
    cache.invalidate(['old']);
    const after = cache.read([id('new'), id('old')]);
    expect(store.reads).toHaveLength(2);
    store.read(0).find(foundKey('old'));
    await before;
    expect(cache.get(id('old'))).toBeUndefined();
    expect(cache.read([id('new'), id('old')]), 'the second read is joined').toBeDefined();
    expect(store.reads).toHaveLength(2);
    store.read(1).find(undefined);
    expect((await after).found).toBeUndefined();
    expect(cache.get(id('new'))).toEqual({ found: undefined, startedAt: 1_000_000 });
  });

  test('removes all keys of an invalidated owner and no other', async () => {
    for (const id of ['a', 'b']) await load(id, foundKey(id, { userId: 'one' }));
    await load('ended', foundKey('ended', { userId: 'one', expiresAt: 0 }));
    await load('c', foundKey('c', { userId: 'two' }));
    const pending = cache.read([id('d')]);
    cache.invalidateOwner('one');
    expect(['a', 'b', 'ended', 'c'].map((text) => cache.get(id(text)) !== undefined)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    store.read(4).find(foundKey('d', { userId: 'one' }));
    await pending;
    expect(cache.get(id('d'))).toBeUndefined();
  });
});

describe('invalidation of an owner', () => {
  test('gives a read that was pending when its owner was invalidated to earlier callers only', async () => {
    const before = cache.read([id('a')]);
    cache.invalidateOwner('user');
    const after = cache.read([id('a')]);
    expect(store.reads, 'the owner is not known yet').toHaveLength(1);
    store.read(0).find(foundKey('a'));
    expect((await before).found).toBeDefined();
    await vi.waitFor(() => expect(store.reads).toHaveLength(2));
    store.read(1).find(undefined);
    expect((await after).found).toBeUndefined();
  });

  test("keeps pending reads of other owners' keys when an owner is invalidated", async () => {
    const before = cache.read([id('a')]);
    cache.invalidateOwner('another user');
    const after = cache.read([id('a')]);
    store.read(0).find(foundKey('a'));
    expect((await Promise.all([before, after])).map(({ found }) => found?.record.id)).toEqual([
      'a',
      'a',
    ]);
    expect(cache.get(id('a'))).toBeDefined();
    expect(store.reads).toHaveLength(1);
  });

  test('removes every key of an owner after evictions, repeated reads and invalidations by id', async () => {
    for (let index = 0; index < 10_005; index++) await load(`id-${index}`, foundKey(`id-${index}`));
    await load('id-3', foundKey('id-3'));
    cache.invalidate(['id-10']);
    cache.invalidateOwner('user');
    for (let index = 0; index < 10_005; index++)
      expect(cache.get(id(`id-${index}`))).toBeUndefined();
  });
});

describe('cache size', () => {
  test('caches at most 1,000 unknown keys, which evict no valid key', async () => {
    await load('good', foundKey('good'));
    for (let index = 0; index < 50_000; index++) await load(`unknown-${index}`, undefined);
    expect(cache.get(id('good'))?.found).toBeDefined();
    let cached = 0;
    for (let index = 0; index < 50_000; index++)
      if (cache.get(id(`unknown-${index}`)) !== undefined) cached++;
    expect(cached).toBe(1_000);
  });

  test('keeps the 10,000 most recently used valid keys', async () => {
    for (let index = 0; index < 10_001; index++) {
      await load(`good-${index}`, foundKey(`good-${index}`));
      cache.get(id('good-0'));
    }
    expect([0, 1, 2].map((index) => cache.get(id(`good-${index}`)) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });
});
