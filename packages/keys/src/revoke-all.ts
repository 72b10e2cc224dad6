import { isRemoved } from './expiry.ts';
import type { Change, Decision, OwnerCommand, View } from './model.ts';
import { type RevokedKey, revocationEntry } from './revoke.ts';
import type { KeyStore } from './store.ts';

/**
 * Maximum number of names whose keys one transaction revokes. Each name adds at most three deleted
 * documents and one audit entry to a commit in Firestore.
 */
const chunk = 100;

/**
 * Decides the revocation of all secrets of some of an owner's names. The audit entry of a name has
 * the id of its current secret. A name whose retention has passed is freed without an audit entry.
 */
function decideRevokeAll(
  view: View,
  names: readonly string[],
  command: OwnerCommand,
): Decision<readonly RevokedKey[]> {
  const revoked: RevokedKey[] = [];
  const changes: Change[] = [];
  for (const name of names) {
    const { named, previousId } = view.at(name);
    if (named === undefined) continue;
    changes.push({ type: 'remove_secret', secret: 'current', name });
    if (previousId !== undefined) changes.push({ type: 'remove_secret', secret: 'previous', name });
    if (isRemoved(named, command.now)) continue;
    const key = { id: named.id, userId: command.userId, name };
    revoked.push(key);
    changes.push({ type: 'append_audit_entry', entry: revocationEntry(command, key) });
  }
  return { outcome: revoked, changes };
}

/**
 * Revokes all keys of an owner, including expired keys and previous secrets. Unexpired keys are
 * revoked first. This may take several transactions, and the call as a whole has no deadline. If
 * the call fails partway, call it again to revoke the remaining keys.
 *
 * @returns the revoked keys, one entry for each name.
 * @throws the same errors as {@link KeyStore.transact}.
 */
export async function revokeAll(
  store: Pick<KeyStore, 'transact' | 'list' | 'page'>,
  command: OwnerCommand,
): Promise<readonly RevokedKey[]> {
  const { userId, now } = command;
  const revoked: RevokedKey[] = [];

  async function revokeNames(names: readonly string[]): Promise<void> {
    for (let from = 0; from < names.length; from += chunk) {
      const some = names.slice(from, from + chunk);
      const keys = await store.transact({ userId, now, names: some }, (view) =>
        decideRevokeAll(view, some, command),
      );
      revoked.push(...keys);
    }
  }

  const { keys } = await store.list(userId, now);
  await revokeNames(keys.filter(({ expiresAt }) => expiresAt > now).map(({ name }) => name));
  for (;;) {
    const { names } = await store.page({ userId, maximum: chunk });
    await revokeNames(names.map(({ name }) => name));
    if (names.length < chunk) return revoked;
  }
}
