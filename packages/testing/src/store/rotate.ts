import {
  decideRotation,
  type RotateCommand,
  type RotateOutcome,
  rotationScope,
} from '@andamio/keys/rotate';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { command, day, lastInstant, present, rotation } from './commands.ts';
import { type Model, maximumKeysOf } from './model.ts';
import { keyCommandOf, requestOf, type StoreOperation } from './operation.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';
import { held, located, storedOwner } from './views.ts';

const until = (expiresAt: number, expiresInDays: number) => ({
  expiresAt,
  expiresInDays,
  deleteAfter: Math.min(expiresAt + 30 * day, lastInstant),
});

/** Defines the contract tests for rotating a key. */
function describeRotation(kind: string, create: () => StoreUnderTest) {
  /** Creates a store with one key, which is valid for ten days and expires at `expiry`. */
  async function withKey() {
    const under = create();
    await under.store.issue(command({ expiresInDays: 10, maximumKeys: 1 }));
    return under;
  }
  const expiry = present + 10 * day;

  describe(`${kind}: rotating a key`, () => {
    test.each([
      [
        'does not rotate a key more than a day before its expiry',
        expiry - day - 1,
        'not_yet_rotatable',
      ],
      [
        'extends a key from its expiry when it is rotated a day before',
        expiry - day,
        until(expiry + 10 * day, 10),
      ],
      [
        'extends a key from its expiry when it is rotated a second before',
        expiry - 1,
        until(expiry + 10 * day, 10),
      ],
      [
        'extends a key from the current time when it is rotated at its expiry',
        expiry,
        until(expiry + 10 * day, 10),
      ],
      [
        'extends a key from the current time when it is rotated a week after its expiry',
        expiry + 7 * day,
        until(expiry + 17 * day, 10),
      ],
      [
        'rotates a key until a second before the end of its retention',
        expiry + 30 * day - 1,
        until(expiry + 40 * day - 1, 10),
      ],
      [
        'finds no key to rotate 30 days after its expiry, even if the record still exists',
        expiry + 30 * day,
        'no_such_key',
      ],
    ])('%s', async (_, now, outcome) => {
      const { store } = await withKey();
      expect(await store.rotate(rotation({ now, maximumKeys: 1 }))).toEqual(outcome);
    });

    test("makes the given number of days the key's own period", async () => {
      const { store } = await withKey();
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: 1 }))).toEqual(
        until(expiry + day, 1),
      );
      expect(await store.rotate(rotation({ now: expiry + day }))).toEqual(
        until(expiry + 2 * day, 1),
      );
    });

    test('accepts an expiry up to the end of the year 9999, and rejects a later one without a change', async () => {
      const { store } = await withKey();
      const days = Math.floor((lastInstant - expiry) / day);
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: days + 1 }))).toBe(
        'expiry_too_late',
      );
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: 1e300 }))).toBe(
        'expiry_too_late',
      );
      expect(await store.rotate(rotation({ now: expiry, expiresInDays: days }))).toEqual(
        until(expiry + days * day, days),
      );
    });

    test("never rotates another owner's key or a key with another name", async () => {
      const { store } = await withKey();
      expect(await store.rotate(rotation({ userId: 'other', now: expiry }))).toBe('no_such_key');
      expect(await store.rotate(rotation({ name: 'other', now: expiry }))).toBe('no_such_key');
      expect((await store.list('owner', present)).keys).toMatchObject([{ expiresAt: expiry }]);
    });

    test.each([
      ['does not rotate an expired key when the maximum is reached', expiry, 'key_limit_reached'],
      [
        'rotates an unexpired key although the maximum is exceeded',
        expiry - 1,
        until(expiry + 10 * day, 10),
      ],
    ])('%s', async (_, now, outcome) => {
      const { store } = await withKey();
      const { record, ...rules } = command({ name: 'second', createdAt: now, maximumKeys: 2 });
      await store.issue({ record, ...rules });
      expect(await store.rotate(rotation({ now, maximumKeys: 1 }))).toEqual(outcome);
    });

    const replacements = [
      ['a new key', [], 1, 'key_limit_reached'],
      ['another expired key that was rotated', ['other'], 1, 'key_limit_reached'],
      ['a new key while another place is free', [], 2, until(expiry + 10 * day, 10)],
    ] as const;
    const tokens = [
      ['a token for each request', {}],
      ['one token for all requests', { tierClaim: { tier: 'growth', issuedAt: present } }],
    ] as const;

    const delayed = tokens.flatMap(([how, token]) =>
      replacements.map(([what, ...one]) => [how, what, token, ...one] as const),
    );

    test.each(delayed)(
      'with %s, checks the maximum for a delayed rotation whose key has expired and lost its place to %s',
      async (_, __, token, others, maximumKeys, outcome) => {
        const { store } = await withKey();
        for (const name of others) await store.issue(command({ name, expiresInDays: 9, ...token }));
        const second = { name: others[0] ?? 'second', maximumKeys: 1, ...token };
        if (others.length > 0) await store.rotate(rotation({ ...second, now: expiry }));
        else expect(await store.issue(command({ ...second, createdAt: expiry }))).toBe('issued');
        const input = rotation({ now: expiry - 1, maximumKeys, ...token });
        expect(await store.rotate(input)).toEqual(outcome);
        const { keys } = await store.list('owner', present);
        expect(keys.filter(({ expiresAt }) => expiresAt > expiry)).toHaveLength(maximumKeys);
      },
    );

    test.each(tokens)(
      'with %s, a delayed request for a key does not count a key whose place another has taken',
      async (_, token) => {
        const { store } = await withKey();
        const second = { name: 'second', maximumKeys: 1, ...token };
        expect(await store.issue(command({ ...second, createdAt: expiry }))).toBe('issued');
        const third = { name: 'third', maximumKeys: 2, ...token };
        expect(await store.issue(command({ ...third, createdAt: expiry - 1 }))).toBe('issued');
      },
    );

    test('counts an expired key toward the maximum again after it is rotated', async () => {
      const { store } = await withKey();
      await store.rotate(rotation({ now: expiry, maximumKeys: 1 }));
      expect(
        await store.issue(command({ name: 'second', createdAt: expiry, maximumKeys: 1 })),
      ).toBe('key_limit_reached');
    });

    test('keeps the name of a rotated key taken until 30 days after its new expiry', async () => {
      const { store } = await withKey();
      await store.rotate(rotation({ now: expiry }));
      const retentionEnds = expiry + 40 * day;
      expect(await store.issue(command({ createdAt: retentionEnds - 1 }))).toBe('name_taken');
      expect(await store.issue(command({ createdAt: retentionEnds }))).toBe('issued');
    });

    test('rotates a key once for concurrent rotations through two stores', async () => {
      const [store, other] = await twoStores(await withKey());
      const ask = (index: number) =>
        (index % 2 ? store : other).rotate(rotation({ now: expiry, maximumKeys: 1 }));
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
      expect(outcomes.filter((outcome) => outcome === 'not_yet_rotatable')).toHaveLength(19);
      expect((await store.list('owner', present)).keys).toMatchObject([
        { expiresAt: expiry + 10 * day },
      ]);
    });

    test('allows exactly the maximum to concurrent rotations of expired keys and new keys', async () => {
      const [store, other] = await twoStores(create());
      for (let index = 0; index < 10; index++) {
        await store.issue(command({ name: `expired ${index}`, expiresInDays: 10 }));
      }
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const one = index % 2 ? other : store;
          const half = Math.floor(index / 2);
          return half % 2
            ? one.rotate(rotation({ name: `expired ${half}`, now: expiry, maximumKeys: 3 }))
            : one.issue(command({ name: `new ${index}`, createdAt: expiry, maximumKeys: 3 }));
        }),
      );
      const refused = outcomes.filter(
        (outcome) => outcome === 'key_limit_reached' || outcome === 'not_yet_rotatable',
      );
      expect(outcomes.length - refused.length).toBe(3);
      const { keys } = await store.list('owner', present);
      expect(keys.filter(({ expiresAt }) => expiresAt > expiry)).toHaveLength(3);
    });
  });
}

function rotateInModel(
  model: Model,
  { expiresInDays, maximumKeysOf, tierClaim, request, ...input }: RotateCommand,
) {
  const { userId, now } = input;
  model.claim(userId, tierClaim);
  if (model.suspended.has(userId)) return 'suspended';
  const earlier = model.replay(request, input);
  if (earlier !== undefined) return earlier;
  const key = model.keyAt(input);
  if (key === undefined) return 'no_such_key';
  if (key.expiresAt > now + day) return 'not_yet_rotatable';
  const days = expiresInDays ?? key.expiresInDays;
  const expiresAt = Math.max(key.expiresAt, now) + days * day;
  if (expiresAt > lastInstant) return 'expiry_too_late';
  const isFull = () =>
    model.held(userId, now).active.length >= maximumKeysOf(model.tierOf(userId, tierClaim));
  if (key.expiresAt <= now && isFull()) return 'key_limit_reached';
  const validity = {
    expiresAt,
    expiresInDays: days,
    deleteAfter: Math.min(expiresAt + 30 * day, lastInstant),
  };
  model.keys = model.keys.map((one) => (one === key ? { ...one, ...validity } : one));
  model.saveForReplay(request, now, { ...key, ...validity });
  model.changed(userId, tierClaim);
  return validity;
}

export const rotate: StoreOperation<
  RotateCommand,
  RotateOutcome,
  { readonly rotateBy: number | undefined }
> = {
  run: (store, one) => store.transact(rotationScope(one), (view) => decideRotation(view, one)),
  describeContract: describeRotation,
  decisions: {
    rotate: {
      decide: () =>
        decideRotation(
          held,
          rotation({ now: located.expiresAt, tierClaim: storedOwner.tierClaim }),
        ),
      changes: ['put current'],
      action: 'key.rotated',
    },
  },
  cost: { calls: 3, reads: 5, writes: 4, command: () => rotation() },
  // The `expiresInDays` of a rotation. If undefined, the key's current value is used. The largest
  // value leads past the year 9999.
  random: { rotateBy: fc.constantFrom(undefined, undefined, 1, 3, 3_000_000) },
  commandOf: ({ rotateBy, ...step }) => ({
    ...keyCommandOf(step),
    maximumKeysOf,
    expiresInDays: rotateBy,
    request: requestOf(step, 'rotate', rotateBy),
  }),
  model: rotateInModel,
};
