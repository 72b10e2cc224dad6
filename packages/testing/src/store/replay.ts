import {
  type IdempotencyScope,
  idempotencyRecordOf,
  idempotentRequest,
} from '@andamio/keys/idempotency';
import { type IssueOutcome, issueKey } from '@andamio/keys/issue';
import { type RollOutcome, rollKey } from '@andamio/keys/roll';
import { type RotateOutcome, rotateKey } from '@andamio/keys/rotate';
import type { KeyStore } from '@andamio/keys/store';
import { describe, expect, test } from 'vitest';
import {
  command,
  day,
  deletion,
  idempotent,
  lastInstant,
  owner,
  present,
  renewal,
  rotation,
} from './commands.ts';
import { order, revocation } from './operator.ts';
import { keysIn } from './set-up.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';

/** Returns the idempotency record in an outcome that is a replay. */
function replayedRecord(outcome: IssueOutcome | RotateOutcome | RollOutcome) {
  if (typeof outcome === 'string' || !('replayed' in outcome)) throw new Error('Not a replay.');
  return outcome.replayed.record;
}

/** Reads the idempotency record of one of the owner's requests. */
export const savedRecord = (
  store: KeyStore,
  operation: IdempotencyScope['operation'],
  idempotencyKey: string,
) =>
  store.transact(
    { userId: 'owner', now: present, request: idempotent(operation, idempotencyKey) },
    (view) => ({ outcome: view.idempotencyRecord, changes: [] }),
  );

/** Defines the contract tests for repeated requests. */
export function describeReplay(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: replaying a request`, () => {
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
        saved: { nonce, bodyDigest, ...facts, deleteAfter: present + day },
      };
    }
    const repeated = (input: Parameters<typeof command>[0] = {}) =>
      command({ expiresInDays: 10, maximumKeys: 1, request: idempotent('request'), ...input });

    test('replays a repeated request before it checks name and maximum, and changes nothing', async () => {
      const { store, record, saved } = await withKey();
      expect(replayedRecord(await store.issue(repeated()))).toEqual(saved);
      expect((await store.list('owner', present)).keys).toEqual([record]);
    });

    test('replays a request for 24 hours, then treats it as a new one', async () => {
      const { store, saved } = await withKey();
      expect(replayedRecord(await store.issue(repeated({ createdAt: present + day - 1 })))).toEqual(
        saved,
      );
      expect(await store.issue(repeated({ createdAt: present + day }))).toBe('name_taken');
    });

    test('replays a request although a new one would now expire after the year 9999', async () => {
      const { store } = create();
      const expiresInDays = Math.floor((lastInstant - present) / day);
      const createdAt = lastInstant - expiresInDays * day;
      const input = (seconds: number) =>
        repeated({ createdAt: createdAt + seconds, expiresInDays, deleteAfter: lastInstant });
      expect(await store.issue(input(1))).toBe('expiry_too_late');
      expect(await store.issue(input(0))).toBe('issued');
      expect(replayedRecord(await store.issue(input(1)))).toMatchObject({
        createdAt,
        expiresAt: lastInstant,
      });
      const other = idempotent('request', 'other');
      expect(await store.issue({ ...input(1), request: other })).toBe('expiry_too_late');
      expect(await store.issue({ ...input(1), request: undefined })).toBe('expiry_too_late');
      await store.suspend(order());
      expect(await store.issue(input(1))).toBe('suspended');
    });

    test('saves a new idempotency record for a request that is repeated after 24 hours', async () => {
      const { store } = await withKey();
      await store.delete(deletion());
      const later = idempotent('request');
      expect(await store.issue(repeated({ createdAt: present + day, request: later }))).toBe(
        'issued',
      );
      const saved = replayedRecord(
        await store.issue(repeated({ createdAt: present + 2 * day - 1 })),
      );
      expect(saved).toMatchObject({ nonce: later.nonce, deleteAfter: present + 2 * day });
    });

    test.each([
      [
        'another body',
        { request: idempotent('request', 'key', 'other body') },
        'idempotency_key_reused',
      ],
      ['another Idempotency-Key', { request: idempotent('request', 'other key') }, 'name_taken'],
      [
        'the Idempotency-Key in another case',
        { request: idempotent('request', 'KEY') },
        'name_taken',
      ],
      ['no Idempotency-Key', { request: undefined }, 'name_taken'],
      ['the Idempotency-Key of another operation', { request: idempotent('roll') }, 'name_taken'],
      [
        'the Idempotency-Key of another owner',
        { request: { ...idempotent('request'), userId: 'other' } },
        'name_taken',
      ],
    ])('does not replay a request with %s', async (_, input, outcome) => {
      const { store } = await withKey();
      expect(await store.issue(repeated(input))).toBe(outcome);
    });

    test('saves no idempotency record for a refused request', async () => {
      const { store } = await withKey();
      const refused = { name: 'second', request: idempotent('request', 'second') };
      expect(await store.issue(repeated(refused))).toBe('key_limit_reached');
      expect(await store.issue(repeated({ ...refused, maximumKeys: 2 }))).toBe('issued');
    });

    test.each([
      ['deleted', deletion()],
      ['deleted and its name issued to another key', deletion()],
      ['rolled', renewal()],
    ] as const)('does not replay a key that was %s', async (how, input) => {
      const { store } = await withKey();
      if ('secret' in input) await store.roll(input);
      else await store.delete(input);
      if (how.includes('another')) await store.issue(command());
      expect(await store.issue(repeated())).toBe('idempotency_key_outdated');
    });

    test.each(['request', 'rotate', 'roll'] as const)(
      'does not replay a %s whose key expires earlier, because it was rolled and the new secret revoked',
      async (operation) => {
        const { store, record } = await withKey();
        const now = record.expiresAt - day;
        const repeat = {
          request: () => store.issue(repeated()),
          rotate: () => store.rotate(rotation({ now, request: idempotent('rotate') })),
          roll: () => store.roll(renewal({ request: idempotent('roll') })),
        }[operation];
        await repeat();
        const [before] = (await store.list('owner', present)).keys;
        replayedRecord(await repeat());

        const leaked = renewal({ graceSeconds: 60 });
        await store.roll(leaked);
        await store.revoke(revocation([leaked.secret.id]));
        expect((await store.list('owner', present)).keys).toMatchObject([
          { serial: before?.serial, expiresAt: present + 60 },
        ]);
        expect(await repeat()).toBe('idempotency_key_outdated');
      },
    );

    test('saves the record of each operation under its name, which the next release looks for', async () => {
      const { store } = create();
      const keys = keysIn(store);
      const input = { name: 'name', expiresInDays: 1, graceSeconds: 60, idempotencyKey: 'key' };
      await issueKey(keys, owner, input);
      await rotateKey(keys, owner, input);
      await rollKey(keys, owner, input);
      const [key] = (await store.list('owner', present)).keys;
      expect(await savedRecord(store, 'roll', 'key')).toMatchObject({ serial: key?.serial });
      const expiries = [];
      for (const operation of ['request', 'rotate'] as const)
        expiries.push((await savedRecord(store, operation, 'key'))?.expiresAt);
      expect(expiries).toEqual([present + day, present + 2 * day]);
    });

    test('refuses an Idempotency-Key that is repeated with another name or number, for each operation', async () => {
      const { store } = create();
      const keys = keysIn(store);
      const input = { name: 'name', expiresInDays: 1, graceSeconds: 60, idempotencyKey: 'key' };
      await issueKey(keys, owner, { name: 'other', expiresInDays: 1 });
      await issueKey(keys, owner, input);
      await rotateKey(keys, owner, input);
      await rollKey(keys, owner, input);
      const changed = [{ name: 'other' }, { expiresInDays: 2, graceSeconds: 61 }];
      for (const change of changed)
        for (const repeat of [issueKey, rotateKey, rollKey])
          expect(await repeat(keys, owner, { ...input, ...change })).toBe('idempotency_key_reused');
      expect(await rotateKey(keys, owner, { ...input, expiresInDays: undefined })).toBe(
        'idempotency_key_reused',
      );
    });

    test('does not answer a repeated roll whose record lacks the expiry of the previous secret', async () => {
      const { store, record } = await withKey();
      const input = { name: 'name', graceSeconds: 60, idempotencyKey: 'key' };
      const scope = { userId: 'owner', operation: 'roll', idempotencyKey: 'key' } as const;
      const request = idempotentRequest(scope, ['name', 60]);
      const change = {
        type: 'save_idempotency_record',
        request,
        record: idempotencyRecordOf(request, present, record),
      } as const;
      await store.transact({ userId: 'owner', now: present, request }, () => ({
        outcome: undefined,
        changes: [change],
      }));
      await expect(rollKey(keysIn(store), owner, input)).rejects.toThrow(
        'The idempotency record of a roll lacks the expiry of the previous secret.',
      );
    });

    test('rotates once for a repeated request, and replays the expiry of the first', async () => {
      const { store, record } = await withKey();
      // A key that is extended by one day could immediately be rotated again.
      const now = record.expiresAt;
      const input = () => rotation({ now, expiresInDays: 1, request: idempotent('rotate') });
      await store.rotate(input());
      expect(replayedRecord(await store.rotate(input()))).toMatchObject({
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

    test('rolls once for a repeated request, and replays the secret of the first', async () => {
      const { store } = await withKey();
      const first = renewal({ request: idempotent('roll') });
      await store.roll(first);
      const saved = replayedRecord(
        await store.roll(renewal({ request: idempotent('roll'), now: present + 60 })),
      );
      expect(saved).toMatchObject({
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

    test('issues one key to the same request sent concurrently through two stores, and replays it to the rest', async () => {
      const [store, other] = await twoStores(create());
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? other : store).issue(repeated({ name: 'once' })),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'issued')).toHaveLength(1);
      const [key] = (await store.list('owner', present)).keys;
      const replayed = outcomes.filter((outcome) => outcome !== 'issued').map(replayedRecord);
      expect(new Set(replayed.map(({ serial }) => serial))).toEqual(new Set([key?.serial]));
    });
  });
}
