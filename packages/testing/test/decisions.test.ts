import type { Change } from '@andamio/keys/model';
import { decideRehash } from '@andamio/keys/rehash';
import { decideRevocation } from '@andamio/keys/revoke';
import { decideRoll } from '@andamio/keys/roll';
import { decideResumption } from '@andamio/keys/suspend';
import { describe, expect, test } from 'vitest';
import { command, keyId, present, renewal } from '../src/store/commands.ts';
import { operations } from '../src/store/operations.ts';
import { order, rehashing, revocation } from '../src/store/operator.ts';
import { held, located, storedOwner, viewOf } from '../src/store/views.ts';

const newer = { tierClaim: { tier: 'growth', issuedAt: present + 1 } } as const;

const describeChange = (change: Change) =>
  'secret' in change ? `${change.type.replace('_secret', '')} ${change.secret}` : change.type;

test.each(Object.values(operations).flatMap(({ decisions }) => Object.entries(decisions)))(
  '%s changes only its own records, and appends its audit entry',
  (_, { decide, changes: expected, action }) => {
    const { changes } = decide();
    expect(changes.map(describeChange)).toEqual([...expected, 'append_audit_entry']);
    expect(changes.at(-1)).toMatchObject({ entry: { action } });
  },
);

test('stores a newer token with the same tier before the changes of its command', () => {
  const { changes } = decideRoll(held, renewal(newer));
  expect(changes[0]).toEqual({ type: 'put_owner', owner: { ...storedOwner, ...newer } });
});

// Firestore locates a secret by its id before the transaction on the owner begins.
describe('a secret that changed after it was located', () => {
  const rehashed = { ...located, id: keyId('another id'), pepperVersion: 'next' };
  const { record: unrelated } = command();
  const rehash = rehashing(located.id);
  const revoke = revocation([located.id]);

  test('does not rehash a secret that was rehashed after it was located', () => {
    const view = viewOf(undefined, rehashed);
    expect(decideRehash(view, rehash)).toEqual({ outcome: 'no_such_key', changes: [] });
  });

  test('revokes a secret under its current id if it was rehashed after it was located', () => {
    const view = viewOf(undefined, rehashed);
    expect(decideRevocation(view, revoke).outcome).toMatchObject({ id: 'another id' });
  });

  test('revokes a secret as the previous one if it was rolled after it was located', () => {
    const { outcome, changes } = decideRevocation(viewOf(undefined, unrelated, located), revoke);
    expect(outcome).toMatchObject({ id: located.id });
    expect(changes[0]).toEqual({ type: 'remove_secret', secret: 'previous', name: 'name' });
  });

  test('neither rehashes nor revokes a secret if its name belongs to another key', () => {
    const view = viewOf(undefined, unrelated);
    expect(decideRehash(view, rehash)).toEqual({ outcome: 'no_such_key', changes: [] });
    expect(decideRevocation(view, revoke)).toEqual({ outcome: 'no_such_key', changes: [] });
  });
});

test('does not resume a user who is being erased', () => {
  const view = viewOf({ ...storedOwner, suspended: true, erasing: true });
  expect(decideResumption(view, order())).toEqual({ outcome: 'being_erased', changes: [] });
});
