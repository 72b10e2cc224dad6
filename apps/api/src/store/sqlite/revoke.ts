// Each of these runs within a transaction that nobody else writes in.
import type { OwnerCommand } from '../../keys/administration.ts';
import { isGone } from '../../keys/expiry.ts';
import { type RevokeCommand, type RevokedKey, type RevokeOutcome, revoked } from '../../keys/revoke.ts';
import { audit } from './audit.ts';
import { findById } from './keys.ts';
import { keyOf, type Statements } from './statements.ts';

/** Ends the secret that is found by one of the ids, as the domain's rule says. */
export function revoke(statements: Statements, { ids, by, reason, now }: RevokeCommand): RevokeOutcome {
  const found = findById(statements, ids);
  if (found === undefined) return 'no_such_key';
  const { userId, name, serial } = found.record;
  const [current, previous] = [statements.findName, statements.findSuperseded].map((statement) => {
    const row = statement.get(userId, name);
    return row && keyOf(row);
  });
  const revocation = revoked({ current, previous }, serial, now);
  if (revocation === 'no_such_key') return revocation;
  const { ended, left } = revocation;
  if (left !== 'current') statements.deleteKey.run(userId, name);
  if (left !== undefined && left !== 'current') statements.restore.run(left.removeAt, userId, name);
  statements.deleteSuperseded.all(userId, name);
  audit(statements, { at: now, actor: by, action: 'key.revoked', userId, name, keyId: ended.id, reason });
  return { id: ended.id, userId, name, ids: [ended.id] };
}

/** Reports whether the audit log holds the revocation of a secret with one of the ids. */
export function wasRevoked(statements: Statements, ids: readonly string[]): boolean {
  return statements.findRevocation.get(JSON.stringify(ids)) !== undefined;
}

/** Ends all of an owner's keys. */
export function revokeAll(statements: Statements, { userId, by, reason, now }: OwnerCommand): RevokedKey[] {
  const superseded = statements.listSuperseded.all(userId).map(keyOf);
  const keys = statements.listKeys.all(userId).map(keyOf);
  statements.deleteKeys.run(userId);
  statements.deleteAllSuperseded.run(userId);
  return keys
    .filter((key) => !isGone(key, now))
    .map(({ id, name }) => {
      audit(statements, { at: now, actor: by, action: 'key.revoked', userId, name, keyId: id, reason });
      const others = superseded.filter((key) => key.name === name).map((key) => key.id);
      return { id, userId, name, ids: [id, ...others] };
    });
}
