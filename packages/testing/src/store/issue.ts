import { decideIssue, type IssueCommand, type IssueOutcome, issueScope } from '@andamio/keys/issue';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { command, day, present, renewal } from './commands.ts';
import { type Model, maximumKeysOf } from './model.ts';
import { requestOf, type StoreOperation } from './operation.ts';
import type { StoreUnderTest } from './store-under-test.ts';
import { unused } from './views.ts';

const issueAll = async ({ store }: StoreUnderTest, commands: IssueCommand[]) => {
  const outcomes: IssueOutcome[] = [];
  for (const one of commands) outcomes.push(await store.issue(one));
  return outcomes;
};

const numbered = (count: number, input: Parameters<typeof command>[0] = {}) =>
  Array.from({ length: count }, (_, index) => command({ name: `name ${index}`, ...input }));

const astral = '\u{1F511}'.repeat(128);

/** Defines the contract tests for issuing a key. */
function describeIssue(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: names`, () => {
    test('rejects a second key with the same name', async () => {
      const outcomes = await issueAll(create(), [command(), command()]);
      expect(outcomes).toEqual(['issued', 'name_taken']);
    });

    test.each([
      ['another normalization form', 'Schl\u00fcssel', 'Schlu\u0308ssel'],
      ['another case', 'my key', 'My key'],
      ['a trailing space', 'my key', 'my key '],
      ['a leading space', 'my key', ' my key'],
      ['a similar letter of another script', 'paypal', 'p\u0430ypal'],
      ['an invisible character', 'my key', 'my\u200b key'],
      [
        'a supplementary code point with the same high surrogate',
        '\u{1F511}\u{1F511}\u{1F511}',
        '\u{1F511}\u{1F511}\u{1F512}',
      ],
    ])(
      'compares names by code point, so that %s makes a different name',
      async (_, first, second) => {
        const outcomes = await issueAll(create(), [
          command({ name: first }),
          command({ name: second }),
        ]);
        expect(outcomes).toEqual(['issued', 'issued']);
      },
    );

    test.each([
      ['a quote', `'; DROP TABLE keys; --`],
      ['slashes and dots', '../../keys'],
      ['the double underscores that Firestore reserves', '__name__'],
      ['a dot, which separates field paths', 'active.name'],
      ['100 supplementary code points', '\u{1F511}'.repeat(100)],
      ['the wildcards of SQL', '%_%'],
    ])('issues one key for a name with %s, and rejects the second', async (_, name) => {
      const outcomes = await issueAll(create(), [command({ name }), command({ name })]);
      expect(outcomes).toEqual(['issued', 'name_taken']);
    });

    test('lets two owners use the same name', async () => {
      const outcomes = await issueAll(create(), [
        command({ userId: 'one' }),
        command({ userId: 'other' }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });

    test('rejects a taken name before it checks the maximum', async () => {
      const outcomes = await issueAll(create(), [
        command({ maximumKeys: 1 }),
        command({ maximumKeys: 1 }),
      ]);
      expect(outcomes).toEqual(['issued', 'name_taken']);
    });
  });

  describe(`${kind}: maximum`, () => {
    test.each([1, 2, 5])('issues exactly the maximum of %i keys', async (maximumKeys) => {
      const outcomes = await issueAll(create(), numbered(maximumKeys + 2, { maximumKeys }));
      expect(outcomes).toEqual([
        ...Array(maximumKeys).fill('issued'),
        'key_limit_reached',
        'key_limit_reached',
      ]);
    });

    test('issues exactly the maximum of 1,000 keys', async () => {
      const { store } = create();
      const outcomes: IssueOutcome[] = [];
      // Runs 20 commands at a time. Each of them, including its time in the queue, completes within
      // its deadline.
      for (let begin = 0; begin < 1000; begin += 20) {
        const inputs = numbered(20).map(({ record }, index) =>
          command({ ...record, name: `name ${begin + index}` }),
        );
        outcomes.push(...(await Promise.all(inputs.map((input) => store.issue(input)))));
      }
      expect(outcomes).toEqual(Array(1000).fill('issued'));
      expect(await store.issue(command({ name: 'one more' }))).toBe('key_limit_reached');
      expect(await store.issue(command({ name: 'name 999' }))).toBe('name_taken');
      // On the emulator, the time of a write grows with the owner's document.
    }, 300_000);

    test('applies the maximum to each owner separately', async () => {
      const outcomes = await issueAll(create(), [
        command({ userId: 'one', maximumKeys: 1 }),
        command({ userId: 'other', maximumKeys: 1 }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });

    test('applies the maximum of a lower tier although the owner already has more keys', async () => {
      const outcomes = await issueAll(create(), [
        ...numbered(3, { maximumKeys: 5 }),
        command({ name: 'after the tier went down', maximumKeys: 2 }),
        command({ name: 'after it went up again', maximumKeys: 5 }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued', 'issued', 'key_limit_reached', 'issued']);
    });

    test.each([
      ['counts a key toward the maximum until a second before its expiry', -1, 'key_limit_reached'],
      ['does not count a key toward the maximum from its expiry on', 0, 'issued'],
    ])('%s', async (_, offset, outcome) => {
      const { store } = create();
      await store.issue(command({ name: 'first', expiresInDays: 1, maximumKeys: 1 }));
      const later = command({ name: 'second', createdAt: present + day + offset, maximumKeys: 1 });
      expect(await store.issue(later)).toBe(outcome);
    });
  });

  describe(`${kind}: names of expired keys`, () => {
    const removal = present + 31 * day;

    test.each([
      ['at its expiry', present + day],
      ['a second before the end of its retention', removal - 1],
    ])('rejects the name of an expired key %s', async (_, createdAt) => {
      const { store } = create();
      await store.issue(command({ expiresInDays: 1 }));
      expect(await store.issue(command({ createdAt }))).toBe('name_taken');
    });

    test('removes the previous secret of a removed key when its name is issued again', async () => {
      const { store } = create();
      const { record, ...rules } = command({ expiresInDays: 1 });
      await store.issue({ record, ...rules });
      await store.roll(renewal());
      expect(await store.issue(command({ createdAt: removal }))).toBe('issued');
      expect(await store.find([record.id])).toBeUndefined();
    });

    test('issues a name again 30 days after the expiry of its key, even if the record still exists', async () => {
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
      ['the double underscores that Firestore reserves', '__x__'],
      ['128 supplementary code points', astral],
      ['quotes', `'"\``],
      ['the name of a JavaScript property', '__proto__'],
      ['JSON', '["a","b"]'],
    ])('accepts a user id with %s', async (_, userId) => {
      const outcomes = await issueAll(create(), [
        command({ userId, maximumKeys: 2 }),
        command({ userId, maximumKeys: 2 }),
        command({ userId, name: 'second', maximumKeys: 2 }),
        command({ userId, name: 'third', maximumKeys: 2 }),
      ]);
      expect(outcomes).toEqual(['issued', 'name_taken', 'issued', 'key_limit_reached']);
    });

    test.each([
      ['in case', 'owner', 'Owner'],
      ['in normalization form', '\u00fc', 'u\u0308'],
      ['in a trailing space', 'owner', 'owner '],
      ['in where the user id ends and the name begins', 'a', 'a","b'],
    ])('treats user ids that differ %s as different owners', async (_, one, other) => {
      const outcomes = await issueAll(create(), [
        command({ userId: one, name: 'b', maximumKeys: 1 }),
        command({ userId: other, name: 'b', maximumKeys: 1 }),
      ]);
      expect(outcomes).toEqual(['issued', 'issued']);
    });
  });

  describe(`${kind}: concurrent requests`, () => {
    test('issues one key to concurrent requests for the same name', async () => {
      const { store } = create();
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.issue(command())));
      expect(outcomes.toSorted()).toEqual(['issued', ...Array(19).fill('name_taken')]);
    });

    test('issues exactly the maximum to concurrent requests of one owner', async () => {
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
}

function issueInModel(
  model: Model,
  { record, maximumKeysOf, tierClaim, request }: IssueCommand,
): IssueOutcome {
  const { userId, name, createdAt } = record;
  model.claim(userId, tierClaim);
  if (model.suspended.has(userId)) return 'suspended';
  const earlier = model.replay(request, { userId, name, now: createdAt });
  if (earlier !== undefined) return earlier;
  if (model.keyAt({ userId, name, now: createdAt }) !== undefined) return 'name_taken';
  if (model.held(userId, createdAt).active.length >= maximumKeysOf(model.tierOf(userId, tierClaim)))
    return 'key_limit_reached';
  // Issuing a key under the name of a removed key deletes the removed key and its previous secret.
  model.keys = model.keys.filter((key) => key.userId !== userId || key.name !== name);
  model.dropSuperseded({ userId, name });
  model.keys.push(record);
  model.issued.push(record);
  if (!model.since.has(userId)) model.since.set(userId, createdAt);
  model.saveForReplay(request, createdAt, record);
  model.changed(userId, tierClaim);
  return 'issued';
}

export const issue: StoreOperation<IssueCommand, IssueOutcome, { readonly expiresInDays: number }> =
  {
    run: (store, one) => store.transact(issueScope(one), (view) => decideIssue(view, one)),
    describeContract: describeIssue,
    decisions: {
      issue: {
        decide: () => decideIssue(unused, command()),
        changes: ['put current', 'put_owner'],
        action: 'key.issued',
      },
    },
    // The first commit assumes that nothing is stored, and is refused. Its four writes count, too.
    cost: { calls: 3, reads: 2, writes: 8, command: () => command({ name: 'second' }) },
    random: { expiresInDays: fc.constantFrom(1, 2, 30) },
    commandOf: ({ expiresInDays, ...step }) =>
      command({
        userId: step.userId,
        name: step.name,
        createdAt: step.now,
        tierClaim: step.tierClaim,
        maximumKeysOf,
        expiresInDays,
        request: requestOf(step, 'request', expiresInDays),
      }),
    model: issueInModel,
  };
