import { describe, expect, test } from 'vitest';
import type { KeyRecord, View } from '../model.ts';
import { decideRehash } from './rehash.ts';
import { decideRevocation } from './revoke.ts';
import { decideResumption } from './suspend.ts';

const present = 1_756_684_799;
const operator = { kind: 'operator', id: 'operator' } as const;

/** Returns a new key with the name `name`. */
function keyRecord(): KeyRecord {
  return {
    id: crypto.randomUUID(),
    serial: crypto.randomUUID(),
    userId: 'owner',
    name: 'name',
    start: 'ant-abcd',
    createdAt: present,
    expiresAt: present + 86_400,
    expiresInDays: 1,
    pepperVersion: 'test',
    deleteAfter: present + 31 * 86_400,
  };
}

const located = keyRecord();

/** Returns a view in which a located secret has changed since it was located. */
function viewOf({
  key,
  previous,
  owner,
}: Pick<View, 'key' | 'previous'> & Partial<Pick<View, 'owner'>>): View {
  return {
    owner,
    located,
    named: key,
    key,
    previous,
    previousId: previous?.id,
    idempotencyRecord: undefined,
    countUnexpired: () => 1,
    isCounted: () => true,
    unexpiredIds: () => [],
  };
}

// Firestore locates a secret by its id before the transaction on the owner begins.
describe('a secret that changed after it was located', () => {
  const rehashed = { ...located, id: 'another id', pepperVersion: 'next' };
  const unrelated = keyRecord();
  const rehash = { from: located.id, to: { id: 'new id', pepperVersion: 'newest' }, now: present };
  const revocation = { ids: [located.id], by: operator, now: present };

  test('does not rehash a secret that was rehashed after it was located', () => {
    const view = viewOf({ key: rehashed, previous: undefined });
    expect(decideRehash(view, rehash)).toEqual({ outcome: 'no_such_key', changes: [] });
  });

  test('revokes a secret under its current id if it was rehashed after it was located', () => {
    const view = viewOf({ key: rehashed, previous: undefined });
    expect(decideRevocation(view, revocation).outcome).toMatchObject({ id: 'another id' });
  });

  test('revokes a secret as the previous one if it was rolled after it was located', () => {
    const view = viewOf({ key: unrelated, previous: located });
    const { outcome, changes } = decideRevocation(view, revocation);
    expect(outcome).toMatchObject({ ids: [located.id] });
    expect(changes[0]).toEqual({
      type: 'remove',
      secret: 'previous',
      name: 'name',
      id: located.id,
    });
  });

  test('neither rehashes nor revokes a secret if its name belongs to another key', () => {
    const view = viewOf({ key: unrelated, previous: undefined });
    expect(decideRehash(view, rehash)).toEqual({ outcome: 'no_such_key', changes: [] });
    expect(decideRevocation(view, revocation)).toEqual({ outcome: 'no_such_key', changes: [] });
  });
});

test('does not resume a user who is being erased', () => {
  const tierClaim = { tier: 'growth', issuedAt: present } as const;
  const owner = { createdAt: present, tierClaim, suspended: true, erasing: true };
  const view = viewOf({ key: undefined, previous: undefined, owner });
  expect(decideResumption(view, { userId: 'owner', now: present, by: operator })).toEqual({
    outcome: 'being_erased',
    changes: [],
  });
});
