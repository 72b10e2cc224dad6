import { decideDeletion } from '@andamio/keys/delete';
import { decideIssue } from '@andamio/keys/issue';
import type { Change, Decision, KeyRecord, OwnerRecord, View } from '@andamio/keys/model';
import { decideRehash } from '@andamio/keys/rehash';
import { decideRevocation } from '@andamio/keys/revoke';
import { decideRoll } from '@andamio/keys/roll';
import { decideRotation } from '@andamio/keys/rotate';
import { decideResumption, decideSuspension } from '@andamio/keys/suspend';
import { describe, expect, test } from 'vitest';
import { command, deletion, present, renewal, rotation } from '../src/store/commands.ts';
import { order, rehashing, revocation } from '../src/store/operator.ts';

const { record: located } = command();

/**
 * Returns the view of a transaction that has located a secret. By default, the owner and the key
 * have been deleted since.
 */
function viewOf(owner?: OwnerRecord, key?: KeyRecord, previous?: KeyRecord): View {
  return {
    owner,
    located,
    at: () => ({ named: key, key, previous, previousId: previous?.id }),
    idempotencyRecord: undefined,
    deviceLogin: undefined,
    countUnexpired: () => 1,
    isCounted: () => true,
  };
}

const owner = {
  createdAt: present,
  tierClaim: { tier: 'growth', issuedAt: present },
  suspended: false,
  erasing: false,
} as const;
const unused = viewOf();
const held = viewOf(owner, located);
const rolled = viewOf(owner, located, command().record);
const newer = { tierClaim: { tier: 'growth', issuedAt: present + 1 } } as const;

const describeChange = (change: Change) =>
  'secret' in change ? `${change.type.replace('_secret', '')} ${change.secret}` : change.type;

test.each<[string, Decision<unknown>, readonly string[], string]>([
  ['issue', decideIssue(unused, command()), ['put current', 'put_owner'], 'key.issued'],
  [
    'rotate',
    decideRotation(held, rotation({ now: located.expiresAt, tierClaim: owner.tierClaim })),
    ['put current'],
    'key.rotated',
  ],
  ['roll', decideRoll(held, renewal()), ['put current', 'put previous'], 'key.rolled'],
  ['delete', decideDeletion(held, deletion()), ['remove current'], 'key.deleted'],
  [
    'delete, rolled',
    decideDeletion(rolled, deletion()),
    ['remove current', 'remove previous'],
    'key.deleted',
  ],
  ['revoke', decideRevocation(held, revocation([located.id])), ['remove current'], 'key.revoked'],
  [
    'revoke, rolled',
    decideRevocation(rolled, revocation([located.id])),
    ['remove current', 'remove previous', 'put current'],
    'key.revoked',
  ],
  ['rehash', decideRehash(held, rehashing(located.id)), ['put current'], 'key.redigested'],
  ['suspend', decideSuspension(held, order()), ['put_owner'], 'user.suspended'],
  [
    'resume',
    decideResumption({ ...held, owner: { ...owner, suspended: true } }, order()),
    ['put_owner'],
    'user.resumed',
  ],
])(
  '%s changes only its own records, and appends its audit entry',
  (_, { changes }, types, action) => {
    expect(changes.map(describeChange)).toEqual([...types, 'append_audit_entry']);
    expect(changes.at(-1)).toMatchObject({ entry: { action } });
  },
);

test('stores a newer token with the same tier before the changes of its command', () => {
  const { changes } = decideRoll(held, renewal(newer));
  expect(changes[0]).toEqual({ type: 'put_owner', owner: { ...owner, ...newer } });
});

// Firestore locates a secret by its id before the transaction on the owner begins.
describe('a secret that changed after it was located', () => {
  const rehashed = { ...located, id: 'another id', pepperVersion: 'next' };
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
  const view = viewOf({ ...owner, suspended: true, erasing: true });
  expect(decideResumption(view, order())).toEqual({ outcome: 'being_erased', changes: [] });
});
