import { decideIssue, issueScope } from './decide/issue.ts';
import { deleteAfterOf, expiryOf } from './expiry.ts';
import { idempotentRequest, type ReplayRefusal } from './idempotency.ts';
import type { IssueCommand, IssueOutcome, IssueRefusal, KeyRecord } from './model.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import { type KeyMaking, newSecret } from './secret.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/**
 * The fields of a key that an answer contains in addition to the key itself. Times are Unix
 * seconds.
 */
export type KeyFacts = Pick<KeyRecord, 'name' | 'createdAt' | 'expiresAt' | 'expiresInDays'>;

/** A new key: its fields, and its plaintext, which is never stored. */
export interface NewKey {
  readonly key: string;
  readonly facts: KeyFacts;
}

/**
 * The dependencies of operations that create keys: those of all operations on keys, and the means
 * to create a key and its id.
 */
export interface IssueKeyDependencies extends KeyDependencies, KeyMaking {}

/** The validated input of a request for a key. */
export interface IssueInput {
  readonly name: string;
  readonly expiresInDays: number;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Stores a new key, unless the request is refused or replayed.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function storeKey(
  store: Pick<KeyStore, 'transact'>,
  command: IssueCommand,
): Promise<IssueOutcome> {
  return store.transact(issueScope(command), (view) => decideIssue(view, command));
}

/**
 * Issues a key to an owner. The name must be unique among the owner's keys, and the tier sets the
 * maximum number of keys. A repeated request returns the same key.
 *
 * @param operation whether `idempotencyKey` is the header of a request or the code of a device
 *   login.
 * @throws the errors of {@link KeyStore.transact}.
 */
export async function issueKey(
  dependencies: IssueKeyDependencies,
  owner: Owner,
  { name, expiresInDays, idempotencyKey }: IssueInput,
  operation: 'request' | 'device' = 'request',
): Promise<NewKey | IssueRefusal | ReplayRefusal> {
  const { store, deriveKey, now, maximumDays } = dependencies;
  const createdAt = Math.floor(now() / 1000);
  const expiresAt = expiryOf(createdAt, expiresInDays);
  const deleteAfter = deleteAfterOf(expiresAt);
  const { userId } = owner;
  const request = idempotentRequest({ userId, operation, idempotencyKey }, [name, expiresInDays]);
  const { key, secret } = newSecret(dependencies, request);
  const record = { ...secret, userId, name, createdAt, expiresAt, expiresInDays, deleteAfter };
  const command = { record, tierClaim: tierClaimOf(owner), maximumKeysOf, maximumDays, request };
  const outcome = await storeKey(store, command);
  if (outcome === 'issued') return { key, facts: record };
  if (typeof outcome === 'string') return outcome;
  const { replayed } = outcome;
  return { key: deriveKey(replayed.request, replayed.record), facts: { ...replayed.record, name } };
}
