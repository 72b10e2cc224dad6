import type { IssueOutcome, RollOutcome, RotateOutcome } from '@andamio/api/keys/model';
import { describe, expect, test } from 'vitest';
import { command, day, deletion, idempotent, present, renewal, rotation } from './commands.ts';
import { order } from './operator.ts';
import { connected, type StoreUnderTest } from './store-under-test.ts';

const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** Returns the idempotency record of a replay. */
function memoryIn(outcome: IssueOutcome | RotateOutcome | RollOutcome) {
  if (typeof outcome === 'string' || !('replayed' in outcome)) throw new Error('Not a repetition.');
  return outcome.replayed.record;
}

/** Defines the contract tests for repeated requests. */
export function describeRepetition(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: repeating a request`, () => {
    /** Creates a store with one key, which was issued to a request with an `Idempotency-Key`. */
    async function withKey() {
      const under = create();
      const first = idempotent('request');
      const { record, ...rules } = command({ expiresInDays: 10, maximumKeys: 1, request: first });
      expect(await under.store.issue({ record, ...rules })).toBe('issued');
      const { nonce, bodyDigest } = first;
      const { pepperVersion, serial, createdAt, expiresAt, expiresInDays } = record;
      const facts = {
        pepperVersion,
        serial,
        createdAt,
        expiresAt,
        expiresInDays,
        previousExpiresAt: null,
      };
      return {
        ...under,
        record,
        memory: { nonce, bodyDigest, ...facts, deleteAfter: present + day },
      };
    }
    const again = (input: Parameters<typeof command>[0] = {}) =>
      command({ expiresInDays: 10, maximumKeys: 1, request: idempotent('request'), ...input });

    test('the same request is told what the first was answered, before name and quota, and changes nothing', async () => {
      const { store, record, memory } = await withKey();
      expect(memoryIn(await store.issue(again()))).toEqual(memory);
      expect((await store.list('owner', present)).keys).toEqual([record]);
    });

    test('it is told so for 24 hours, then it is a request like any other', async () => {
      const { store, memory } = await withKey();
      expect(memoryIn(await store.issue(again({ createdAt: present + day - 1 })))).toEqual(memory);
      expect(await store.issue(again({ createdAt: present + day }))).toBe('name_taken');
    });

    test('it is told so also where its days have come to pass the year 9999 meanwhile, before which a new one is refused', async () => {
      const { store } = create();
      const expiresInDays = Math.floor((lastInstant - present) / day);
      const createdAt = lastInstant - expiresInDays * day;
      const input = (seconds: number) =>
        again({ createdAt: createdAt + seconds, expiresInDays, deleteAfter: lastInstant });
      expect(await store.issue(input(1))).toBe('expiry_too_late');
      expect(await store.issue(input(0))).toBe('issued');
      expect(memoryIn(await store.issue(input(1)))).toMatchObject({
        createdAt,
        expiresAt: lastInstant,
      });
      const other = idempotent('request', 'other');
      expect(await store.issue({ ...input(1), request: other })).toBe('expiry_too_late');
      expect(await store.issue({ ...input(1), request: undefined })).toBe('expiry_too_late');
      await store.suspend(order());
      expect(await store.issue(input(1))).toBe('suspended');
    });

    test('a request that is new again is remembered anew', async () => {
      const { store } = await withKey();
      await store.delete(deletion());
      const later = idempotent('request');
      expect(await store.issue(again({ createdAt: present + day, request: later }))).toBe('issued');
      const memory = memoryIn(await store.issue(again({ createdAt: present + 2 * day - 1 })));
      expect(memory).toMatchObject({ nonce: later.nonce, deleteAfter: present + 2 * day });
    });

    test.each([
      [
        'another body',
        { request: idempotent('request', 'key', 'other body') },
        'idempotency_key_reused',
      ],
      ['another key', { request: idempotent('request', 'other key') }, 'name_taken'],
      ['the same key in capitals', { request: idempotent('request', 'KEY') }, 'name_taken'],
      ['no key', { request: undefined }, 'name_taken'],
      ['the key of another operation', { request: idempotent('roll') }, 'name_taken'],
      [
        'the key of another owner',
        { request: { ...idempotent('request'), userId: 'other' } },
        'name_taken',
      ],
    ])('%s is no repetition', async (_, input, outcome) => {
      const { store } = await withKey();
      expect(await store.issue(again(input))).toBe(outcome);
    });

    test('what was refused is not remembered', async () => {
      const { store } = await withKey();
      const refused = { name: 'second', request: idempotent('request', 'second') };
      expect(await store.issue(again(refused))).toBe('key_limit_reached');
      expect(await store.issue(again({ ...refused, maximumKeys: 2 }))).toBe('issued');
    });

    test.each([
      ['deleted', deletion()],
      ['deleted, and the name given to another', deletion()],
      ['rolled', renewal()],
    ] as const)('a key that was %s since is not answered with again', async (how, input) => {
      const { store } = await withKey();
      if ('secret' in input) await store.roll(input);
      else await store.delete(input);
      if (how.includes('another')) await store.issue(command());
      expect(await store.issue(again())).toBe('idempotency_key_outdated');
    });

    test('an extension is made once, and the same request is told until when that was', async () => {
      const { store, record } = await withKey();
      // After an extension by one day, the key can be rotated again at once.
      const now = record.expiresAt;
      const input = () => rotation({ now, expiresInDays: 1, request: idempotent('rotate') });
      await store.rotate(input());
      expect(memoryIn(await store.rotate(input()))).toMatchObject({
        expiresAt: now + day,
        serial: record.serial,
      });
      expect((await store.list('owner', present)).keys).toMatchObject([{ expiresAt: now + day }]);
      expect(
        await store.rotate(
          rotation({ now, expiresInDays: 1, request: idempotent('rotate', 'next') }),
        ),
      ).toMatchObject({
        expiresAt: now + 2 * day,
      });
    });

    test('a roll is made once, and the same request is told which secret that was', async () => {
      const { store } = await withKey();
      const first = renewal({ request: idempotent('roll') });
      await store.roll(first);
      const memory = memoryIn(
        await store.roll(renewal({ request: idempotent('roll'), now: present + 60 })),
      );
      expect(memory).toMatchObject({
        serial: first.secret.serial,
        nonce: first.request?.nonce,
        createdAt: present,
        previousExpiresAt: present + day,
      });
      await store.roll(renewal());
      expect(await store.roll(renewal({ request: idempotent('roll') }))).toBe(
        'idempotency_key_outdated',
      );
    });

    test('of the same request at the same moment, from two stores, one is made and all are told of it', async () => {
      const { store, another } = create();
      const stores = [store, another?.() ?? store] as const;
      await connected(stores[1]); // Both stores are connected, so their calls run concurrently.
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          stores[index % 2 ? 1 : 0].issue(again({ name: 'once' })),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'issued')).toHaveLength(1);
      const [key] = (await store.list('owner', present)).keys;
      const told = outcomes.filter((outcome) => outcome !== 'issued').map(memoryIn);
      expect(new Set(told.map(({ serial }) => serial))).toEqual(new Set([key?.serial]));
    });
  });
}
