import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { controlledFind, foundKey } from '../test/controlled-find.ts';
import type { FoundKey } from './found-key.ts';
import { Lookups, StaleReadError } from './lookups.ts';

const maximumAge = 10_000;
const hasEnded = ({ record }: FoundKey) => record.expiresAt === 0;
const ended = (id: string) => foundKey(id, { expiresAt: 0 });

function setUp() {
  const store = controlledFind();
  const clock = { now: 1_000_000 };
  const lookups = new Lookups({
    find: store.find,
    isGood: (found) => !found.suspended && !hasEnded(found),
    maximumAge,
    monotonicNow: () => clock.now,
  });
  return { store, clock, lookups };
}

let { store, clock, lookups } = setUp();
beforeEach(() => {
  ({ store, clock, lookups } = setUp());
});

/** Has an id read and answered. */
async function learn(id: string, found: FoundKey | undefined) {
  const answer = lookups.read([id]);
  store.read(store.reads.length - 1).find(found);
  return answer;
}

describe('what was read is known', () => {
  test('of an id and of no other', async () => {
    expect(lookups.known('a')).toBeUndefined();
    await learn('a', foundKey('a'));
    expect(lookups.known('a')?.found).toEqual(foundKey('a'));
    expect(lookups.known('b')).toBeUndefined();
  });

  test('by the id that it is stored under, whichever of the ids asked for that is', async () => {
    const answer = lookups.read(['new', 'old']);
    expect(store.read(0).ids).toEqual(['new', 'old']);
    store.read(0).find(foundKey('old'));
    await answer;
    expect(lookups.known('new')).toBeUndefined();
    expect(lookups.known('old')?.found?.record.id).toBe('old');
  });

  test('until the bound, counted from the start of the read', async () => {
    const answer = lookups.read(['a']);
    clock.now += 4_000;
    store.read(0).find(foundKey('a'));
    expect((await answer).begunAt).toBe(1_000_000);
    clock.now += 5_999;
    expect(lookups.known('a')).toBeDefined();
    clock.now += 1;
    expect(lookups.known('a')).toBeUndefined();
  });

  test('a key that ended since is not among them', async () => {
    const key = { ...foundKey('a'), suspended: false };
    await learn('a', key);
    key.suspended = true;
    expect(lookups.known('a')).toBeUndefined();
  });

  test.each([
    ['an unknown id', undefined],
    ['an expired key', ended('a')],
    ['a key of a suspended owner', foundKey('a', { suspended: true })],
  ])('%s only for a second', async (_what, found) => {
    await learn('a', found);
    clock.now += 999;
    expect(lookups.known('a')).toEqual({ found, begunAt: 1_000_000 });
    clock.now += 1;
    expect(lookups.known('a')).toBeUndefined();
  });

  test('never past the bound, also when the store is down', async () => {
    await learn('a', foundKey('a'));
    clock.now += maximumAge;
    const answer = lookups.read(['a']);
    store.read(1).fail(new Error('down'));
    await expect(answer).rejects.toThrow('down');
    expect(lookups.known('a')).toBeUndefined();
  });

  test('not when the read took longer than an answer may be old', async () => {
    const answer = lookups.read(['a']);
    clock.now += maximumAge;
    store.read(0).find(foundKey('a'));
    await expect(answer).rejects.toThrow(StaleReadError);
    expect(lookups.known('a')).toBeUndefined();
  });

  test('not when the read failed: the next asks again', async () => {
    const failing = lookups.read(['a']);
    store.read(0).fail(new Error('down'));
    await expect(failing).rejects.toThrow('down');
    expect(await learn('a', foundKey('a'))).toMatchObject({ found: foundKey('a') });
    expect(store.reads).toHaveLength(2);
  });
});

describe('a finding in use that nears the bound', () => {
  beforeEach(async () => {
    await learn('a', foundKey('a'));
    clock.now += 7_999;
    expect(lookups.known('a')).toBeDefined();
    expect(store.reads).toHaveLength(1);
    clock.now += 1;
    expect(lookups.known('a')).toBeDefined();
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test('is read again once in the background, by its own id alone, and known without a gap', async () => {
    expect(lookups.known('a')).toBeDefined();
    expect(store.reads.map(({ ids }) => ids)).toEqual([['a'], ['a']]);
    clock.now += 1_000;
    store.read(1).find(foundKey('a'));
    await settle();
    clock.now += 8_999;
    expect(lookups.known('a'), 'as old as its read').toBeDefined();
    clock.now += 1;
    expect(lookups.known('a')).toBeUndefined();
  });

  test.each([
    ['deleted', undefined],
    ['suspended', foundKey('a', { suspended: true })],
  ])('is not good any more as soon as that read finds it %s', async (_what, found) => {
    store.read(1).find(found);
    await settle();
    expect(lookups.known('a')).toEqual({ found, begunAt: 1_008_000 });
  });

  test('is known until the bound and no longer where that read fails, which is repeated once a second', async () => {
    store.read(1).fail(new Error('down'));
    await settle();
    clock.now += 999;
    expect(lookups.known('a')).toBeDefined();
    expect(store.reads).toHaveLength(2);
    clock.now += 1;
    expect(lookups.known('a')).toBeDefined();
    expect(store.reads).toHaveLength(3);
    clock.now += 1_000;
    expect(lookups.known('a')).toBeUndefined();
  });

  test.each([
    ['by its id', () => lookups.forget(['a'])],
    ['with its owner', () => lookups.forgetOwner('user')],
  ])('is not brought back by that read where it was forgotten %s', async (_what, forget) => {
    forget();
    store.read(1).find(foundKey('a'));
    await settle();
    expect(lookups.known('a')).toBeUndefined();
  });
});

describe('look-ups of one key at the same time', () => {
  test('are one read', async () => {
    const answers = Promise.all(Array.from({ length: 100 }, () => lookups.read(['a'])));
    expect(store.reads).toHaveLength(1);
    store.read(0).find(foundKey('a'));
    expect(new Set((await answers).map(({ found }) => found?.record.id))).toEqual(new Set(['a']));
  });

  test('fail together, and each hears of it', async () => {
    const answers = Promise.allSettled([lookups.read(['a']), lookups.read(['a'])]);
    store.read(0).fail(new Error('down'));
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('do not wait for one that is too old to be of use', async () => {
    const slow = lookups.read(['a']);
    clock.now += maximumAge;
    const fresh = lookups.read(['a']);
    store.read(1).find(foundKey('a'));
    expect((await fresh).found).toBeDefined();
    store.read(0).find(undefined);
    await expect(slow).rejects.toThrow(StaleReadError);
    expect(lookups.known('a')?.found, 'what the old one found does not replace it').toBeDefined();
  });

  test('of other keys do not wait', async () => {
    void lookups.read(['a']);
    expect((await learn('b', undefined)).found).toBeUndefined();
  });
});

describe('what is forgotten', () => {
  test.each([
    ['a good key', foundKey('a')],
    ['a refusal', undefined],
  ])('%s is asked for again', async (_what, found) => {
    await learn('a', found);
    lookups.forget(['a']);
    expect(lookups.known('a')).toBeUndefined();
  });

  test('is not brought back by a read under way, and what comes after starts its own', async () => {
    const before = lookups.read(['new', 'old']);
    lookups.forget(['old']);
    const after = lookups.read(['new', 'old']);
    expect(store.reads).toHaveLength(2);
    store.read(0).find(foundKey('old'));
    await before;
    expect(lookups.known('old')).toBeUndefined();
    expect(lookups.read(['new', 'old']), 'the second read is still the one to join').toBeDefined();
    expect(store.reads).toHaveLength(2);
    store.read(1).find(undefined);
    expect((await after).found).toBeUndefined();
    expect(lookups.known('new')).toEqual({ found: undefined, begunAt: 1_000_000 });
  });

  test('of an owner is all that it holds, and nothing of others', async () => {
    for (const id of ['a', 'b']) await learn(id, foundKey(id, { userId: 'one' }));
    await learn('ended', foundKey('ended', { userId: 'one', expiresAt: 0 }));
    await learn('c', foundKey('c', { userId: 'two' }));
    const underWay = lookups.read(['d']);
    lookups.forgetOwner('one');
    expect(['a', 'b', 'ended', 'c'].map((id) => lookups.known(id) !== undefined)).toEqual([false, false, false, true]);
    store.read(4).find(foundKey('d', { userId: 'one' }));
    await underWay;
    expect(lookups.known('d')).toBeUndefined();
  });
});

describe('when an owner is forgotten', () => {
  test('a read of its key that is under way counts for whoever asked before, and for nobody after', async () => {
    const before = lookups.read(['a']);
    lookups.forgetOwner('user');
    const after = lookups.read(['a']);
    expect(store.reads, 'whose key it is is not known yet').toHaveLength(1);
    store.read(0).find(foundKey('a'));
    expect((await before).found).toBeDefined();
    await vi.waitFor(() => expect(store.reads).toHaveLength(2));
    store.read(1).find(undefined);
    expect((await after).found).toBeUndefined();
  });

  test("reads of others' keys are joined and remembered as ever", async () => {
    const before = lookups.read(['a']);
    lookups.forgetOwner('somebody else');
    const after = lookups.read(['a']);
    store.read(0).find(foundKey('a'));
    expect((await Promise.all([before, after])).map(({ found }) => found?.record.id)).toEqual(['a', 'a']);
    expect(lookups.known('a')).toBeDefined();
    expect(store.reads).toHaveLength(1);
  });

  test('it is forgotten whole also after keys of it were pushed out, read again and forgotten by their ids', async () => {
    for (let index = 0; index < 10_005; index++) await learn(`id-${index}`, foundKey(`id-${index}`));
    await learn('id-3', foundKey('id-3'));
    lookups.forget(['id-10']);
    lookups.forgetOwner('user');
    for (let index = 0; index < 10_005; index++) expect(lookups.known(`id-${index}`)).toBeUndefined();
  });
});

describe('a flood of random keys', () => {
  test('pushes no good key out, and leaves no more than it may', async () => {
    await learn('good', foundKey('good'));
    for (let index = 0; index < 50_000; index++) await learn(`unknown-${index}`, undefined);
    expect(lookups.known('good')?.found).toBeDefined();
    let remembered = 0;
    for (let index = 0; index < 50_000; index++) if (lookups.known(`unknown-${index}`) !== undefined) remembered++;
    expect(remembered).toBe(1_000);
  });

  test('of good ones keeps the 10,000 that were used last', async () => {
    for (let index = 0; index < 10_001; index++) {
      await learn(`good-${index}`, foundKey(`good-${index}`));
      lookups.known('good-0');
    }
    expect([0, 1, 2].map((index) => lookups.known(`good-${index}`) !== undefined)).toEqual([true, false, true]);
  });
});

test('whatever happens in whatever order, no answer is older than the bound, and none that was forgotten comes back', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const) }),
    fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.integer({ min: 1, max: 6_000 }) }),
    fc.record({ kind: fc.constant('answer' as const), pick: fc.nat(), fails: fc.boolean() }),
    fc.record({ kind: fc.constant('delete' as const), forget: fc.constantFrom('id', 'owner', 'nothing') }),
    fc.record({ kind: fc.constant('restore' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let now = 1_000_000;
      let stored = true;
      /** When the key was last there; and which question was the first that knows here that it is not. */
      let lastStored = now;
      let refusedFrom = Number.POSITIVE_INFINITY;
      const open: { answer(): void; fail(): void }[] = [];
      const lookups = new Lookups({
        isGood: () => true,
        maximumAge,
        monotonicNow: () => now,
        find: () =>
          new Promise<FoundKey | undefined>((resolve, reject) => {
            // What a read sees is the store as it was when it began: no store answers with anything older.
            const found = stored ? foundKey('a') : undefined;
            open.push({ answer: () => resolve(found), fail: () => reject(new Error('down')) });
          }),
      });
      const answers: Promise<void>[] = [];
      const settle = () => new Promise((resolve) => setImmediate(resolve));

      function hold(found: FoundKey | undefined, question: number) {
        if (found === undefined || stored) return;
        expect(now - lastStored).toBeLessThan(maximumAge);
        expect(question).toBeLessThan(refusedFrom);
      }
      function ask(question: number) {
        const known = lookups.known('a');
        if (known !== undefined) return hold(known.found, question);
        const answer = lookups.read(['a']).then(
          ({ found }) => hold(found, question),
          (error: Error) => expect(error.message).toMatch(/down|too slow/),
        );
        answers.push(answer);
      }
      for (const [index, current] of steps.entries()) {
        if (current.kind === 'ask') ask(index);
        else if (current.kind === 'pass') now += current.milliseconds;
        else if (current.kind === 'answer') {
          const [read] = open.splice(current.pick % Math.max(open.length, 1), 1);
          if (current.fails) read?.fail();
          else read?.answer();
          await settle();
        } else if (current.kind === 'delete') {
          stored = false;
          if (current.forget === 'nothing') continue;
          if (current.forget === 'id') lookups.forget(['a']);
          else lookups.forgetOwner('user');
          refusedFrom = index;
        } else {
          stored = true;
          refusedFrom = Number.POSITIVE_INFINITY;
        }
        if (stored) lastStored = now;
      }
      while (open.length > 0) {
        open.shift()?.answer();
        await settle();
      }
      await Promise.all(answers);
    }),
    { numRuns: 500 },
  );
});
