import { randomUUID } from 'node:crypto';
import { keyStart, makeKey } from '@andamio/schema/key-format';
import { tiers } from '@andamio/schema/tiers';
import type { Digester } from '@andamio/verification/digest';
import type { KeyDependencies } from './dependencies.ts';
import { expiryOf, removalOf } from './expiry.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import type { KeyRecord, KeyStore } from './store.ts';

/** A new key: the record, and the plaintext that exists nowhere else. */
export interface NewKey {
  readonly key: string;
  readonly record: KeyRecord;
}

/** Why a key was not issued. */
export type IssueRefusal = 'expiry_too_late' | 'name_taken' | 'key_limit_reached';

export interface IssueKeyDependencies extends KeyDependencies {
  /** Of the pepper that makes new keys. */
  readonly digester: Digester;
}

/**
 * Issues a key to an owner: named once among the owner's keys, and within the number that the tier allows.
 *
 * @throws what {@link KeyStore.issue} throws.
 */
export async function issueKey(
  { store, digester, now }: IssueKeyDependencies,
  owner: Owner,
  wish: { readonly name: string; readonly expiresInDays: number },
): Promise<NewKey | IssueRefusal> {
  const createdAt = Math.floor(now() / 1000);
  const expiresAt = expiryOf(createdAt, wish.expiresInDays);
  if (expiresAt === undefined) return 'expiry_too_late';

  const key = makeKey();
  const record: KeyRecord = {
    id: digester.digest(key),
    serial: randomUUID(),
    userId: owner.userId,
    name: wish.name,
    start: keyStart(key),
    createdAt,
    expiresAt,
    expiresInDays: wish.expiresInDays,
    pepperVersion: digester.pepperVersion,
    removeAt: removalOf(expiresAt),
  };
  const outcome = await store.issue({
    record,
    tierClaim: tierClaimOf(owner),
    maximumKeys: tiers[owner.tier].maximumKeys,
  });
  return outcome === 'issued' ? { key, record } : outcome;
}
