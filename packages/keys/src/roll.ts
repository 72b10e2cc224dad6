import { decideRoll, rollScope } from './decide/roll.ts';
import { idempotentRequest, type ReplayRefusal } from './idempotency.ts';
import type { IssueKeyDependencies, NewKey } from './issue.ts';
import type { RollCommand, RollOutcome, RollRefusal } from './model.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import { newSecret } from './secret.ts';
import type { KeyStore } from './store.ts';

/** A rolled key, with its new secret in plaintext. */
export interface RolledKey extends NewKey {
  /** When the previous secret expires, in Unix seconds. */
  readonly previousExpiresAt: number;
}

export interface RollInput {
  readonly name: string;
  /** Seconds for which the previous secret stays valid. */
  readonly graceSeconds: number;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Replaces the secret of a key, unless the request is refused or replayed.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function replaceSecret(
  store: Pick<KeyStore, 'transact'>,
  command: RollCommand,
): Promise<RollOutcome> {
  return store.transact(rollScope(command), (view) => decideRoll(view, command));
}

/**
 * Rolls an owner's key: replaces its secret. The replaced secret stays valid for `graceSeconds`. An
 * earlier previous secret expires at once. A repeated request returns the same key.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export async function rollKey(
  dependencies: IssueKeyDependencies,
  owner: Owner,
  { name, graceSeconds, idempotencyKey }: RollInput,
): Promise<RolledKey | RollRefusal | ReplayRefusal> {
  const { store, deriveKey, now } = dependencies;
  const { userId } = owner;
  const request = idempotentRequest({ userId, operation: 'roll', idempotencyKey }, [
    name,
    graceSeconds,
  ]);
  const { key, secret } = newSecret(dependencies, request);
  const command = {
    userId,
    name,
    graceSeconds,
    secret,
    tierClaim: tierClaimOf(owner),
    now: Math.floor(now() / 1000),
    request,
  };
  const outcome = await replaceSecret(store, command);
  if (typeof outcome === 'string') return outcome;
  if (!('replayed' in outcome)) {
    return { key, facts: outcome.record, previousExpiresAt: outcome.previousExpiresAt };
  }
  const { replayed } = outcome;
  const { previousExpiresAt } = replayed.record;
  if (previousExpiresAt === null) {
    throw new Error('The idempotency record of a roll lacks the expiry of the previous secret.');
  }
  const first = deriveKey(replayed.request, replayed.record);
  return { key: first, facts: { ...replayed.record, name }, previousExpiresAt };
}
