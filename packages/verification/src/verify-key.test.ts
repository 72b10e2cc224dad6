import { makeKey } from '@andamio/schema/key-format';
import fc from 'fast-check';
import { beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { controlledFind, foundKey } from '../test/controlled-find.ts';
import { createDigester, type Digester, digestKeyOf, type KeyId } from './digest.ts';
import type { VerifiableKey } from './verifiable-key.ts';
import { createKeyVerifier } from './verify-key.ts';

const digests = { count: 0 };
const digesters = ['new', 'old'].map((version) => {
  const { pepperVersion, digest } = createDigester(
    digestKeyOf({ version, secret: Buffer.alloc(32, version) }),
  );
  return {
    pepperVersion,
    digest(text: string) {
      digests.count++;
      return digest(text);
    },
  };
});
const [newest, older] = digesters as [(typeof digesters)[0], (typeof digesters)[0]];

function setUp(maximumAge = 10_000) {
  const store = controlledFind();
  const olderPepper: unknown[][] = [];
  const clock = { unix: 1_800_000_000_000, monotonic: 5_000 };
  const verifier = createKeyVerifier({
    find: store.find,
    digesters: [newest, older],
    maximumAge,
    now: () => clock.unix,
    monotonicNow: () => clock.monotonic,
    onOlderPepper: (...reported) => olderPepper.push(reported),
  });
  const pass = (milliseconds: number) => {
    clock.unix += milliseconds;
    clock.monotonic += milliseconds;
  };
  return { store, clock, verifier, pass, olderPepper, key: makeKey() };
}

let { store, clock, verifier, pass, olderPepper, key } = setUp();
beforeEach(() => {
  ({ store, clock, verifier, pass, olderPepper, key } = setUp());
});

const inSeconds = (seconds: number) => Math.floor(clock.unix / 1000) + seconds;

/** Verifies the key against a store that immediately returns `found`. */
async function verify(found: ReturnType<typeof foundKey> | undefined) {
  const answer = verifier.verify(key);
  for (const read of store.reads) read.find(found); // Completing a read twice has no effect.
  return answer;
}

test.each([
  ['an empty string', () => ''],
  ['a key of another format', () => 'sk-123'],
  [
    'a key with one mistyped character',
    () => key.slice(0, 20) + (key[20] === 'A' ? 'B' : 'A') + key.slice(21),
  ],
  ['a reversed key', () => `ant-${key.slice(4).split('').reverse().join('')}`],
  ['a key followed by a space', () => `${key} `],
  ['the digest of a key', () => newest.digest(key)],
  ['a megabyte of text', () => key.repeat(23_000)],
])('refuses %s at once, without a lookup', (_what, text) => {
  expect(verifier.verify(text())).toBeUndefined();
  expect(store.reads).toEqual([]);
});

test('looks a key up under each pepper in one read, by its digests', async () => {
  await verify(undefined);
  expect(store.reads.map(({ ids }) => ids)).toEqual([[newest.digest(key), older.digest(key)]]);
});

test.each([
  ['newest', newest],
  ['older', older],
])(
  'accepts a key under the %s pepper, and then answers from the cache',
  async (_which, digester) => {
    const found = foundKey(digester.digest(key));
    expect(await verify(found)).toEqual({ found, millisecondsLeft: 10_000 });
    expect(verifier.verify(key)).toEqual({ found, millisecondsLeft: 10_000 });
    expect(store.reads).toHaveLength(1);
  },
);

describe('the cached verification of a key', () => {
  test('cached() returns nothing before the first lookup, and nothing for keys that are not valid', async () => {
    expect(verifier.cached(key)).toBeUndefined();
    await verify(undefined);
    expect(verifier.cached(key)).toBeUndefined();
    expect(verifier.cached('sk-123')).toBeUndefined();
    expect(store.reads).toHaveLength(1);
  });

  test.each([
    ['newest', newest],
    ['older', older],
  ])(
    'cached() finds a key under the %s pepper without another digest',
    async (_which, digester) => {
      const found = foundKey(digester.digest(key));
      await verify(found);
      const before = digests.count;
      expect(verifier.cached(key)).toEqual({ found, millisecondsLeft: 10_000 });
      expect(digests.count).toBe(before);
    },
  );

  test('cached() stops returning a key at its maximum age, at its expiry, and when it is invalidated', async () => {
    const found = () => foundKey(newest.digest(key), { expiresAt: inSeconds(15) });
    const stored = found();
    await verify(stored);
    pass(9_999);
    expect(verifier.cached(key)).toEqual({ found: stored, millisecondsLeft: 1 });
    pass(1);
    expect(verifier.cached(key)).toBeUndefined();

    await verify(stored);
    expect(verifier.cached(key)).toBeDefined();
    pass(5_000);
    expect(verifier.cached(key)).toBeUndefined();

    for (const invalidate of [
      () => verifier.invalidate([newest.digest(key)]),
      () => verifier.invalidateOwner('user'),
    ]) {
      await verify(found());
      expect(verifier.cached(key)).toBeDefined();
      invalidate();
      expect(verifier.cached(key)).toBeUndefined();
    }
  });
});

describe('a key that was valid', () => {
  test('wasValid() still recognizes a valid key after its cached verification has expired', async () => {
    expect(verifier.wasValid(key)).toBe(false);
    await verify(foundKey(newest.digest(key)));
    pass(100_000);
    expect(verifier.cached(key)).toBeUndefined();
    expect(verifier.wasValid(key)).toBe(true);
    expect(verifier.wasValid(makeKey())).toBe(false);
    expect(verifier.wasValid('sk-123')).toBe(false);
  });

  test.each([
    ['deleted', undefined],
    ['suspended', { suspended: true }],
  ])(
    'wasValid() no longer recognizes a key once the store says that it is %s',
    async (_what, more) => {
      await verify(foundKey(newest.digest(key)));
      pass(100_000);
      await verify(more && foundKey(newest.digest(key), more));
      expect(verifier.wasValid(key)).toBe(false);
    },
  );
});

test('reports each lookup that finds a valid key under an older pepper, and no other', async () => {
  const found = foundKey(older.digest(key));
  await verify(found);
  verifier.verify(key);
  expect(olderPepper).toEqual([[found, { id: newest.digest(key), pepperVersion: 'new' }]]);
  pass(10_000);
  await verify({ ...found, suspended: true });
  pass(10_000);
  await verify(foundKey(newest.digest(key)));
  pass(10_000);
  await verify(undefined);
  expect(olderPepper).toHaveLength(1);
});

test('a lookup must state whether the owner of the key is suspended', () => {
  expectTypeOf<Omit<VerifiableKey, 'suspended'>>().not.toExtend<VerifiableKey>();
});

test('gives the same result for unknown, expired and suspended keys', async () => {
  for (const more of [undefined, { expiresAt: inSeconds(0) }, { suspended: true }]) {
    ({ store, clock, verifier, pass, key } = setUp());
    expect(await verify(more && foundKey(newest.digest(key), more))).toBeUndefined();
    expect(verifier.verify(key), 'from the cache').toBeUndefined();
  }
});

test.each([
  ['unknown_key', undefined],
  ['suspended', { suspended: true }],
  ['expired', { expiresAt: 0 }],
  // The owner may have been resumed after the key expired.
  ['expired', { expiresAt: 0, suspended: true }],
])('refusalReason() returns %s for a key that is stored as %j', async (reason, more) => {
  await verify(more && foundKey(newest.digest(key), more));
  expect(verifier.refusalReason(key)).toBe(reason);
});

describe('expiry', () => {
  test('refuses a cached key from the second of its expiry', async () => {
    const found = foundKey(newest.digest(key), { expiresAt: inSeconds(3) });
    expect(await verify(found)).toBeDefined();
    pass(2_999);
    expect(verifier.verify(key)).toBeDefined();
    pass(1);
    expect(await verify(found)).toBeUndefined();
  });

  test('accepts a key that another instance has extended at the next lookup', async () => {
    await verify(foundKey(newest.digest(key), { expiresAt: inSeconds(1) }));
    pass(1_000);
    expect(await verify(foundKey(newest.digest(key), { expiresAt: inSeconds(100) }))).toMatchObject(
      {
        millisecondsLeft: 10_000,
      },
    );
  });
});

describe('the time for which a result may be cached', () => {
  test('counts the time for which a result may be cached from the start of its read', async () => {
    const answer = verifier.verify(key);
    pass(2_500);
    store.read(0).find(foundKey(newest.digest(key)));
    expect(await answer).toMatchObject({ millisecondsLeft: 7_500 });
    pass(7_400);
    expect(verifier.verify(key)).toMatchObject({ millisecondsLeft: 100 });
    pass(100);
    expect(verifier.verify(key)).toBeInstanceOf(Promise);
  });

  test('limits the time for which a result may be cached to the life of the key, in milliseconds', async () => {
    const found = foundKey(newest.digest(key), { expiresAt: inSeconds(4) });
    pass(500);
    expect(await verify(found)).toMatchObject({ millisecondsLeft: 3_500 });
  });

  test('expires cached results on time when the wall clock is set back', async () => {
    await verify(foundKey(newest.digest(key)));
    clock.unix -= 3_600_000;
    clock.monotonic += 10_000;
    expect(verifier.verify(key)).toBeInstanceOf(Promise);
  });
});

test('rejects with the error of the store', async () => {
  const answer = verifier.verify(key);
  store.read(0).fail(new Error('down'));
  await expect(answer).rejects.toThrow('down');
});

test.each([
  ['its id', () => verifier.invalidate([newest.digest(key)])],
  ['its owner', () => verifier.invalidateOwner('user')],
])('looks a key up again after invalidation by %s', async (_what, invalidate) => {
  await verify(foundKey(newest.digest(key)));
  invalidate();
  expect(await verify(undefined)).toBeUndefined();
});

describe('a key in use', () => {
  /** Lets the time pass until the key's entry is due for a refresh, and then requests it. */
  function use() {
    pass(6_000);
    const known = verifier.cached(key);
    expect(known).toBeDefined();
    return known;
  }
  /** Waits until a read that the test has completed is cached. */
  const refreshed = () =>
    vi.waitFor(() => expect(verifier.cached(key)?.millisecondsLeft).toBe(10_000));

  test.each([
    ['cached()', () => verifier.cached(key)],
    ['verify()', () => verifier.verify(key)],
  ])('%s refreshes its entry once, in the background', async (_, request) => {
    await verify(foundKey(newest.digest(key)));
    pass(5_999);
    request();
    expect(store.reads).toHaveLength(1);
    pass(1);
    for (let requests = 0; requests < 3; requests++)
      expect(request()).toMatchObject({ millisecondsLeft: 4_000 });
    expect(store.reads).toHaveLength(2);
    store.read(1).find(foundKey(newest.digest(key)));
    await refreshed();
  });

  test('is found without another digest after a refresh found it under the current pepper', async () => {
    await verify(foundKey(older.digest(key)));
    use();
    store.read(1).find(foundKey(newest.digest(key)));
    await refreshed();
    const before = digests.count;
    expect(verifier.cached(key)?.found.record.id).toBe(newest.digest(key));
    expect(digests.count).toBe(before + 1);
  });

  test('is reported by each refresh that finds it under an older pepper', async () => {
    const found = foundKey(older.digest(key));
    await verify(found);
    for (let refreshes = 1; refreshes <= 2; refreshes++) {
      use();
      store.read(refreshes).find(found);
      await refreshed();
      expect(olderPepper).toHaveLength(1 + refreshes);
    }
    expect(olderPepper[2]).toEqual([found, { id: newest.digest(key), pepperVersion: 'new' }]);
  });

  test('is accepted until its maximum age while refreshes fail, and then rejects with the error', async () => {
    await verify(foundKey(newest.digest(key)));
    use();
    for (let second = 1; second <= 4; second++) {
      store.read(second).fail(new Error('down'));
      await new Promise((resolve) => setImmediate(resolve));
      pass(second === 4 ? 999 : 1_000);
      expect(verifier.cached(key)).toBeDefined();
    }
    pass(1);
    const answer = verifier.verify(key);
    store.read(store.reads.length - 1).fail(new Error('still down'));
    await expect(answer).rejects.toThrow('still down');
    expect(verifier.wasValid(key)).toBe(true);
  });

  test('is no longer recognized by wasValid() once a refresh found it under no pepper', async () => {
    await verify(foundKey(newest.digest(key)));
    use();
    store.read(1).find(undefined);
    await vi.waitFor(() => expect(store.reads).toHaveLength(3));
    expect(verifier.wasValid(key)).toBe(true);
    store.read(2).find(undefined);
    await vi.waitFor(() => expect(verifier.wasValid(key)).toBe(false));
    expect(verifier.verify(key)).toBeUndefined();
  });
});

test.each([
  ['an unknown key', undefined],
  ['a key of a suspended owner', { suspended: true }],
])('does not refresh the refusal of %s', async (_what, more) => {
  ({ store, verifier, pass, key } = setUp(1_000));
  await verify(more && foundKey(newest.digest(key), more));
  pass(999);
  expect(verifier.verify(key)).toBeUndefined();
  expect(store.reads).toHaveLength(1);
  pass(1);
  expect(verifier.verify(key)).toBeInstanceOf(Promise);
});

describe('in any order of events', () => {
  const maximumAge = 10_000;
  const ids = ['new', 'old'] as [KeyId, KeyId];
  const digesterOf = (id: KeyId): Digester => ({ pepperVersion: id, digest: () => id });

  const events = {
    ask: fc.record({ kind: fc.constant('ask' as const) }),
    pass: fc.record({
      kind: fc.constant('pass' as const),
      milliseconds: fc.constantFrom(1, 400, 999, 2_000, 3_999, 6_000),
    }),
    /** The store answers one of the pending reads. */
    answer: fc.record({
      kind: fc.constant('answer' as const),
      pick: fc.nat(),
      outcome: fc.constantFrom('succeeds', 'succeeds', 'fails'),
    }),
    delete: fc.record({
      kind: fc.constant('delete' as const),
      invalidate: fc.constantFrom('id', 'owner', 'nothing'),
    }),
    /** The key is stored again after its deletion, or rehashed. */
    store: fc.record({ kind: fc.constant('store' as const), under: fc.constantFrom(...ids) }),
  };
  type Event = typeof events extends Record<string, fc.Arbitrary<infer One>> ? One : never;

  /** Applies events to a verifier and a store, and checks each answer to a request. */
  async function check(steps: readonly Event[]) {
    let now = 1_000_000;
    let storedId: KeyId | undefined = 'new' as KeyId;
    /** Times at which the store last contained the key and last did not. */
    let lastStored = now;
    let lastMissing = Number.NEGATIVE_INFINITY;
    /** Index of the event that tells the verifier that the key is deleted. */
    let refusedFrom = Number.POSITIVE_INFINITY;
    const open: { answer(): void; fail(): void }[] = [];
    const subject = createKeyVerifier({
      digesters: [digesterOf(ids[0]), digesterOf(ids[1])],
      maximumAge,
      now: () => clock.unix,
      monotonicNow: () => now,
      find: (read) =>
        new Promise<VerifiableKey | undefined>((resolve, reject) => {
          // A read sees the store as it is when the read starts.
          const isFound = storedId !== undefined && read.includes(storedId);
          const found = isFound ? foundKey(storedId as KeyId) : undefined;
          open.push({ answer: () => resolve(found), fail: () => reject(new Error('down')) });
        }),
    });
    const answers: Promise<void>[] = [];
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const note = () => {
      if (storedId === undefined) lastMissing = now;
      else lastStored = now;
    };

    function hold(isAccepted: boolean, question: number, askedAt: number) {
      note();
      if (!isAccepted) expect(lastMissing).toBeGreaterThan(askedAt - maximumAge);
      else if (storedId === undefined) {
        expect(now - lastStored).toBeLessThan(maximumAge);
        expect(question).toBeLessThan(refusedFrom);
      }
    }
    function ask(question: number) {
      const askedAt = now;
      const known = subject.cached(key) ?? subject.verify(key);
      if (!(known instanceof Promise)) return hold(known !== undefined, question, askedAt);
      const answer = known.then(
        (verified) => hold(verified !== undefined, question, askedAt),
        (error: Error) => expect(error.message).toMatch(/down|too slow/),
      );
      answers.push(answer);
    }
    for (const [index, step] of steps.entries()) {
      if (step.kind === 'ask') ask(index);
      else if (step.kind === 'pass') {
        now += step.milliseconds;
        note();
      } else if (step.kind === 'answer') {
        const [read] = open.splice(step.pick % Math.max(open.length, 1), 1);
        if (step.outcome === 'fails') read?.fail();
        else read?.answer();
        await settle();
      } else if (step.kind === 'delete') {
        note();
        storedId = undefined;
        note();
        if (step.invalidate === 'nothing') continue;
        if (step.invalidate === 'id') subject.invalidate(ids);
        else subject.invalidateOwner('user');
        refusedFrom = Math.min(refusedFrom, index);
      } else {
        storedId = step.under;
        refusedFrom = Number.POSITIVE_INFINITY;
        note();
      }
    }
    while (open.length > 0) {
      open.shift()?.answer();
      await settle();
    }
    await Promise.all(answers);
  }

  const { ask, pass, answer, store, delete: deletion } = events;
  test.each([
    [
      'a deleted key is accepted at most until the maximum age, and never after its invalidation',
      [ask, pass, answer, store, deletion],
    ],
    ['a key that is stored is never refused while it is rehashed', [ask, pass, answer, store]],
  ])(
    '%s',
    async (_, possible) => {
      const steps = fc.array(fc.oneof(...possible), { maxLength: 60, size: 'max' });
      await fc.assert(fc.asyncProperty(steps, check), { numRuns: 300 });
    },
    60_000,
  );
});
