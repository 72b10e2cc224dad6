import type { IssueCommand, IssueOutcome } from '@andamio/api/keys/model';
import { storeDeadline } from '@andamio/api/keys/store';
import { describe, expect, test } from 'vitest';
import { command, day, present } from './commands.ts';
import { describeDeletion } from './delete.ts';
import { describeErasure } from './erase.ts';
import { describeFinding } from './find.ts';
import { describeInspection } from './inspect.ts';
import { describeRehash } from './rehash.ts';
import { describeRepetition } from './replay.ts';
import { describeRevocation } from './revoke.ts';
import { describeRevocationOfAll } from './revoke-all.ts';
import { describeRoll } from './roll.ts';
import { describeRotation } from './rotate.ts';
import { connected, type StoreUnderTest } from './store-under-test.ts';
import { describeSuspension } from './suspend.ts';
import { describeUsage } from './usage.ts';

const issueAll = async ({ store }: StoreUnderTest, commands: IssueCommand[]) => {
  const outcomes: IssueOutcome[] = [];
  for (const one of commands) outcomes.push(await store.issue(one));
  return outcomes;
};

const numbered = (count: number, input: Parameters<typeof command>[0] = {}) =>
  Array.from({ length: count }, (_, index) => command({ name: `name ${index}`, ...input }));

const astral = '\u{1F511}'.repeat(128);

/**
 * Defines the contract tests for all operations. They check only outcomes, so they apply to every
 * implementation of a store.
 */
export function describeKeyStore(kind: string, create: () => StoreUnderTest) {
  describeRotation(kind, create);
  describeDeletion(kind, create);
  describeFinding(kind, create);
  describeRoll(kind, create);
  describeRepetition(kind, create);
  describeRevocation(kind, create);
  describeRehash(kind, create);
  describeSuspension(kind, create);
  describeUsage(kind, create);
  describeRevocationOfAll(kind, create);
  describeErasure(kind, create);
  describeInspection(kind, create);

  describe(`${kind}: names`, () => {
    test('a name that the owner already uses is refused', async () => {
      const outcomes = await issueAll(create(), [command(), command()]);
      expect(outcomes).toEqual(['issued', 'name_taken']);
    });

    test.each([
      ['the same letters composed and decomposed', 'Schl\u00fcssel', 'Schlu\u0308ssel'],
      ['capitals', 'my key', 'My key'],
      ['a trailing space', 'my key', 'my key '],
      ['a leading space', 'my key', ' my key'],
      ['a letter and its look-alike', 'paypal', 'p\u0430ypal'],
      ['an invisible character', 'my key', 'my\u200b key'],
      [
        'characters of two UTF-16 units that share the first',
        '\u{1F511}\u{1F511}\u{1F511}',
        '\u{1F511}\u{1F511}\u{1F512}',
      ],
    ])('names compare by code point: %s make another name', async (_, first, second) => {
      const outcomes = await issueAll(create(), [
        command({ name: first }),
        command({ name: second }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });

    test.each([
      ['a quote', `'; DROP TABLE keys; --`],
      ['slashes and dots', '../../keys'],
      ['underscores that Firestore keeps for itself', '__name__'],
      ['a dot, which separates field paths', 'active.name'],
      ['100 characters outside the basic plane', '\u{1F511}'.repeat(100)],
      ['per cent and underscore', '%_%'],
    ])('a name with %s is a name like any other', async (_, name) => {
      const outcomes = await issueAll(create(), [command({ name }), command({ name })]);
      expect(outcomes).toEqual(['issued', 'name_taken']);
    });

    test("one owner's names are nothing to another", async () => {
      const outcomes = await issueAll(create(), [
        command({ userId: 'one' }),
        command({ userId: 'other' }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });

    test('a taken name is told before a full tier', async () => {
      const outcomes = await issueAll(create(), [
        command({ maximumKeys: 1 }),
        command({ maximumKeys: 1 }),
      ]);
      expect(outcomes).toEqual(['issued', 'name_taken']);
    });
  });

  describe(`${kind}: the maximum`, () => {
    test.each([1, 2, 5])('of %i keys is exact', async (maximumKeys) => {
      const outcomes = await issueAll(create(), numbered(maximumKeys + 2, { maximumKeys }));
      expect(outcomes).toEqual([
        ...Array(maximumKeys).fill('issued'),
        'key_limit_reached',
        'key_limit_reached',
      ]);
    });

    test('of 1000 keys is exact', async () => {
      const { store } = create();
      const outcomes: IssueOutcome[] = [];
      // As many commands at a time as complete within their deadlines, including the time in the
      // queue.
      for (let begin = 0; begin < 1000; begin += 50) {
        const inputs = numbered(50).map(({ record }, index) =>
          command({ ...record, name: `name ${begin + index}` }),
        );
        outcomes.push(...(await Promise.all(inputs.map((input) => store.issue(input)))));
      }
      expect(outcomes).toEqual(Array(1000).fill('issued'));
      expect(await store.issue(command({ name: 'one more' }))).toBe('key_limit_reached');
      expect(await store.issue(command({ name: 'name 999' }))).toBe('name_taken');
    });

    test("is each owner's own", async () => {
      const outcomes = await issueAll(create(), [
        command({ userId: 'one', maximumKeys: 1 }),
        command({ userId: 'other', maximumKeys: 1 }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });

    test('holds for what a smaller tier allows, also when a larger one issued more', async () => {
      const outcomes = await issueAll(create(), [
        ...numbered(3, { maximumKeys: 5 }),
        command({ name: 'after the tier went down', maximumKeys: 2 }),
        command({ name: 'after it went up again', maximumKeys: 5 }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued', 'issued', 'key_limit_reached', 'issued']);
    });

    test.each([
      ['a second before its expiry a key counts', -1, 'key_limit_reached'],
      ['from its expiry on a key does not count', 0, 'issued'],
    ])('%s', async (_, offset, outcome) => {
      const { store } = create();
      await store.issue(command({ name: 'first', expiresInDays: 1, maximumKeys: 1 }));
      const later = command({ name: 'second', createdAt: present + day + offset, maximumKeys: 1 });
      expect(await store.issue(later)).toBe(outcome);
    });
  });

  describe(`${kind}: time`, () => {
    const removal = present + 31 * day;

    test.each([
      ['at its expiry', present + day],
      ['a second before it is gone', removal - 1],
    ])('the name of an expired key stays taken: %s', async (_, createdAt) => {
      const { store } = create();
      await store.issue(command({ expiresInDays: 1 }));
      expect(await store.issue(command({ createdAt }))).toBe('name_taken');
    });

    test('30 days after its expiry a key is gone and its name free, although nobody removed it', async () => {
      const { store } = create();
      await store.issue(command({ expiresInDays: 1 }));
      expect(await store.issue(command({ createdAt: removal }))).toBe('issued');
      expect(await store.issue(command({ createdAt: removal }))).toBe('name_taken');
    });
  });

  describe(`${kind}: user ids`, () => {
    test.each([
      ['a slash', 'a/b'],
      ['a path', 'owners/a/keys/b'],
      ['a dot', '.'],
      ['two dots', '..'],
      ['underscores that Firestore keeps for itself', '__x__'],
      ['128 characters outside the basic plane', astral],
      ['quotes', `'"\``],
      ['a name of JavaScript objects', '__proto__'],
      ['brackets and quotes of JSON', '["a","b"]'],
    ])('may hold %s', async (_, userId) => {
      const outcomes = await issueAll(create(), [
        command({ userId, maximumKeys: 2 }),
        command({ userId, maximumKeys: 2 }),
        command({ userId, name: 'second', maximumKeys: 2 }),
        command({ userId, name: 'third', maximumKeys: 2 }),
      ]);
      expect(outcomes).toEqual(['issued', 'name_taken', 'issued', 'key_limit_reached']);
    });

    test.each([
      ['by case', 'owner', 'Owner'],
      ['by composition', '\u00fc', 'u\u0308'],
      ['by a trailing space', 'owner', 'owner '],
      ['in where they end and the name begins', 'a', 'a","b'],
    ])('that differ %s are different owners', async (_, one, other) => {
      const outcomes = await issueAll(create(), [
        command({ userId: one, name: 'b', maximumKeys: 1 }),
        command({ userId: other, name: 'b', maximumKeys: 1 }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });
  });

  describe(`${kind}: at the same moment`, () => {
    test('of requests for one name exactly one gets it', async () => {
      const { store } = create();
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.issue(command())));
      expect(outcomes.toSorted()).toEqual(['issued', ...Array(19).fill('name_taken')]);
    });

    test('of requests of one owner exactly as many get a key as the maximum allows', async () => {
      const { store } = create();
      const outcomes = await Promise.all(
        numbered(20, { maximumKeys: 5 }).map((one) => store.issue(one)),
      );
      expect(outcomes.toSorted()).toEqual([
        ...Array(5).fill('issued'),
        ...Array(15).fill('key_limit_reached'),
      ]);
    });
  });

  describe(`${kind}: the end`, () => {
    test('a store that nothing was asked of closes', async () => {
      await create().store.close();
    });

    test('closing lets what is under way end first, and answers it', async () => {
      const { store } = create();
      const issued = store.issue(command());
      await store.close();
      expect(await issued).toBe('issued');
    });

    test('a check answers well within the deadline', async () => {
      const { store } = create();
      await connected(store);
      const begun = performance.now();
      await store.check();
      expect(performance.now() - begun).toBeLessThan(storeDeadline);
    });
  });
}
