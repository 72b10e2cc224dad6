import { makeKey } from '@andamio/schema/key-format';
import { beforeEach, describe, expect, test } from 'vitest';
import { controlledFind, foundKey } from '../test/controlled-find.ts';
import { createDigester, digestKeyOf } from './digest.ts';
import { createKeyVerifier } from './verify-key.ts';

const digests = { count: 0 };
const digesters = ['new', 'old'].map((version) => {
  const { pepperVersion, digest } = createDigester(digestKeyOf({ version, secret: Buffer.alloc(32, version) }));
  return {
    pepperVersion,
    digest(text: string) {
      digests.count++;
      return digest(text);
    },
  };
});
const [newest, older] = digesters as [(typeof digesters)[0], (typeof digesters)[0]];

function setUp() {
  const store = controlledFind();
  const olderPepper: unknown[][] = [];
  const clock = { unix: 1_800_000_000_000, monotonic: 5_000 };
  const verifier = createKeyVerifier({
    find: store.find,
    digesters: [newest, older],
    maximumAge: 10_000,
    now: () => clock.unix,
    monotonicNow: () => clock.monotonic,
    onOlderPepper: (...told) => olderPepper.push(told),
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

/** Checks the key, the store answering at once. */
async function verify(found: ReturnType<typeof foundKey> | undefined) {
  const answer = verifier.verify(key);
  for (const read of store.reads) read.find(found); // Those that have their answer keep it.
  return answer;
}

test.each([
  ['nothing', () => ''],
  ['another form', () => 'sk-123'],
  ['one character mistyped', () => key.slice(0, 20) + (key[20] === 'A' ? 'B' : 'A') + key.slice(21)],
  ['two characters swapped', () => `ant-${key.slice(4).split('').reverse().join('')}`],
  ['a space around it', () => `${key} `],
  ['its digest', () => newest.digest(key)],
  ['a megabyte', () => key.repeat(23_000)],
])('%s is refused at once and without a look-up', (_what, text) => {
  expect(verifier.verify(text())).toBeUndefined();
  expect(store.reads).toEqual([]);
});

test('a key is looked up under each pepper in one read, by digests and never by itself', async () => {
  await verify(undefined);
  expect(store.reads.map(({ ids }) => ids)).toEqual([[newest.digest(key), older.digest(key)]]);
});

test.each([
  ['newest', newest],
  ['older', older],
])('a key under the %s pepper is good, and then known without waiting', async (_which, digester) => {
  const found = foundKey(digester.digest(key));
  expect(await verify(found)).toEqual({ found, millisecondsLeft: 10_000 });
  expect(verifier.verify(key)).toEqual({ found, millisecondsLeft: 10_000 });
  expect(store.reads).toHaveLength(1);
});

describe('what is known of a key without asking', () => {
  test('is nothing before it was read, and nothing of one that is not good', async () => {
    expect(verifier.known(key)).toBeUndefined();
    await verify(undefined);
    expect(verifier.known(key)).toBeUndefined();
    expect(verifier.known('sk-123')).toBeUndefined();
    expect(store.reads).toHaveLength(1);
  });

  test.each([
    ['newest', newest],
    ['older', older],
  ])('is that it is good, under the %s pepper, without digesting it anew', async (_which, digester) => {
    const found = foundKey(digester.digest(key));
    await verify(found);
    const digested = digests.count;
    expect(verifier.known(key)).toEqual({ found, millisecondsLeft: 10_000 });
    expect(digests.count).toBe(digested);
  });

  test('ends with its age, with the key, and when it is forgotten', async () => {
    const found = () => foundKey(newest.digest(key), { expiresAt: inSeconds(15) });
    const once = found();
    await verify(once);
    pass(9_999);
    expect(verifier.known(key)).toEqual({ found: once, millisecondsLeft: 1 });
    pass(1);
    expect(verifier.known(key)).toBeUndefined();

    await verify(once);
    expect(verifier.known(key)).toBeDefined();
    pass(5_000);
    expect(verifier.known(key)).toBeUndefined();

    for (const forget of [() => verifier.forget([newest.digest(key)]), () => verifier.forgetOwner('user')]) {
      await verify(found());
      expect(verifier.known(key)).toBeDefined();
      forget();
      expect(verifier.known(key)).toBeUndefined();
    }
  });
});

describe('a key that was good', () => {
  test('is known as such after what is known of it has ended', async () => {
    expect(verifier.wasGood(key)).toBe(false);
    await verify(foundKey(newest.digest(key)));
    pass(100_000);
    expect(verifier.known(key)).toBeUndefined();
    expect(verifier.wasGood(key)).toBe(true);
    expect(verifier.wasGood(makeKey())).toBe(false);
    expect(verifier.wasGood('sk-123')).toBe(false);
  });

  test.each([
    ['deleted', undefined],
    ['suspended', { suspended: true }],
  ])('is not known as such once it is read to be %s', async (_what, more) => {
    await verify(foundKey(newest.digest(key)));
    pass(100_000);
    await verify(more && foundKey(newest.digest(key), more));
    expect(verifier.wasGood(key)).toBe(false);
  });
});

test('a good key that is read under an older pepper is told of, each time and no other', async () => {
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

test('unknown, expired and suspended are one and the same', async () => {
  for (const more of [undefined, { expiresAt: inSeconds(0) }, { suspended: true }]) {
    ({ store, clock, verifier, pass, key } = setUp());
    expect(await verify(more && foundKey(newest.digest(key), more))).toBeUndefined();
    expect(verifier.verify(key), 'and is known').toBeUndefined();
  }
});

describe('expiry', () => {
  test('ends what is known at its very second', async () => {
    const found = foundKey(newest.digest(key), { expiresAt: inSeconds(3) });
    expect(await verify(found)).toBeDefined();
    pass(2_999);
    expect(verifier.verify(key)).toBeDefined();
    pass(1);
    expect(await verify(found)).toBeUndefined();
  });

  test('that was extended elsewhere holds once the key is read again', async () => {
    await verify(foundKey(newest.digest(key), { expiresAt: inSeconds(1) }));
    pass(1_000);
    expect(await verify(foundKey(newest.digest(key), { expiresAt: inSeconds(100) }))).toMatchObject({
      millisecondsLeft: 10_000,
    });
  });
});

describe('how long an answer may be kept', () => {
  test('counts from the start of its read', async () => {
    const answer = verifier.verify(key);
    pass(2_500);
    store.read(0).find(foundKey(newest.digest(key)));
    expect(await answer).toMatchObject({ millisecondsLeft: 7_500 });
    pass(7_400);
    expect(verifier.verify(key)).toMatchObject({ millisecondsLeft: 100 });
    pass(100);
    expect(verifier.verify(key)).toBeInstanceOf(Promise);
  });

  test('ends with the key, also when the second has begun', async () => {
    const found = foundKey(newest.digest(key), { expiresAt: inSeconds(4) });
    pass(500);
    expect(await verify(found)).toMatchObject({ millisecondsLeft: 3_500 });
  });

  test('does not follow a wall clock that is set', async () => {
    await verify(foundKey(newest.digest(key)));
    clock.unix -= 3_600_000;
    clock.monotonic += 10_000;
    expect(verifier.verify(key)).toBeInstanceOf(Promise);
  });
});

test('a failure of the store is for the caller to hear', async () => {
  const answer = verifier.verify(key);
  store.read(0).fail(new Error('down'));
  await expect(answer).rejects.toThrow('down');
});

test.each([
  ['its id', () => verifier.forget([newest.digest(key)])],
  ['its owner', () => verifier.forgetOwner('user')],
])('a key that is forgotten by %s is looked up again', async (_what, forget) => {
  await verify(foundKey(newest.digest(key)));
  forget();
  expect(await verify(undefined)).toBeUndefined();
});
