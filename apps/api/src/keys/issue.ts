import type { KeyDependencies } from './dependencies.ts';
import { expiryOf, removalOf } from './expiry.ts';
import { attemptOf, type RepetitionRefusal } from './idempotency.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import { type KeyMaking, newSecret } from './secret.ts';
import type { IssueRefusal, KeyRecord, KeyStore } from './store.ts';

/** What an answer says of a key beside the key itself; times are Unix seconds. */
export type KeyFacts = Pick<KeyRecord, 'name' | 'createdAt' | 'expiresAt' | 'expiresInDays'>;

/** A new key: what is known of it, and the plaintext that exists nowhere else. */
export interface NewKey {
  readonly key: string;
  readonly facts: KeyFacts;
}

/** What operations that make keys work with. */
export interface IssueKeyDependencies extends KeyDependencies, KeyMaking {}

/** What an owner wants. */
export interface IssueWish {
  readonly name: string;
  readonly expiresInDays: number;
  /** What the client would repeat the request with. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Issues a key to an owner: named once among the owner's keys, and within the number that the tier allows. The same request
 * again gets the same key.
 *
 * @throws what {@link KeyStore.issue} throws.
 */
export async function issueKey(
  dependencies: IssueKeyDependencies,
  owner: Owner,
  { name, expiresInDays, idempotencyKey }: IssueWish,
): Promise<NewKey | IssueRefusal | RepetitionRefusal> {
  const { store, deriveKey, now } = dependencies;
  const createdAt = Math.floor(now() / 1000);
  const expiresAt = expiryOf(createdAt, expiresInDays);
  const { userId } = owner;
  const attempt =
    idempotencyKey === undefined
      ? undefined
      : attemptOf({ userId, operation: 'request', idempotencyKey }, [name, expiresInDays]);
  const { key, secret } = newSecret(dependencies, attempt);
  const record = { ...secret, userId, name, createdAt, expiresAt, expiresInDays, removeAt: removalOf(expiresAt) };
  const outcome = await store.issue({
    record,
    tierClaim: tierClaimOf(owner),
    maximumKeysOf,
    attempt,
  });
  if (outcome === 'issued') return { key, facts: record };
  if (typeof outcome === 'string') return outcome;
  const { attempt: first, memory } = outcome.repeated;
  return { key: deriveKey(first, memory), facts: { ...memory, name } };
}
