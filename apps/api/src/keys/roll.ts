import { decideRoll, rollScope } from './decide/roll.ts';
import { idempotentRequest, type ReplayRefusal } from './idempotency.ts';
import type { IssueKeyDependencies, NewKey } from './issue.ts';
import type { RollRefusal } from './model.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import { newSecret } from './secret.ts';
import type { KeyStore } from './store.ts';

/** A key with its new secret. */
export interface RolledKey extends NewKey {
  /** When the previous secret expires, Unix seconds. */
  readonly previousExpiresAt: number;
}

/** A request for a new secret. */
export interface RollInput {
  readonly name: string;
  /** How long the previous secret stays valid, in seconds. */
  readonly graceSeconds: number;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Gives an owner's key a new secret. The current one stays valid for the grace, an earlier previous
 * one ends. A repeated request gets the same key.
 *
 * @throws what {@link KeyStore.transact} throws.
 */
export async function rollKey(
  dependencies: IssueKeyDependencies,
  owner: Owner,
  { name, graceSeconds, idempotencyKey }: RollInput,
): Promise<RolledKey | RollRefusal | ReplayRefusal> {
  const { store, deriveKey, now } = dependencies;
  const { userId } = owner;
  const request =
    idempotencyKey === undefined
      ? undefined
      : idempotentRequest({ userId, operation: 'roll', idempotencyKey }, [name, graceSeconds]);
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
  const outcome = await store.transact(rollScope(command), (view) => decideRoll(view, command));
  if (typeof outcome === 'string') return outcome;
  if (!('replayed' in outcome)) {
    return { key, facts: outcome.record, previousExpiresAt: outcome.previousExpiresAt };
  }
  const { replayed } = outcome;
  const { previousExpiresAt } = replayed.record;
  if (previousExpiresAt === null) {
    throw new Error('The idempotency record of a roll does not say when the previous secret expires.');
  }
  const first = deriveKey(replayed.request, replayed.record);
  return { key: first, facts: { ...replayed.record, name }, previousExpiresAt };
}
