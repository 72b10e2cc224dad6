import { decideRotation, rotationScope } from './decide/rotate.ts';
import type { KeyDependencies } from './dependencies.ts';
import { idempotentRequest, type ReplayRefusal } from './idempotency.ts';
import type { RotateRefusal } from './model.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import type { KeyStore } from './store.ts';

/** A request to extend a key. */
export interface RotateInput {
  readonly name: string;
  /** Undefined to extend by the key's own number of days. */
  readonly expiresInDays: number | undefined;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Extends an owner's key that has expired or is about to. A repeated request does not extend it
 * again.
 *
 * @returns until when the key is valid by this extension, Unix seconds.
 * @throws what {@link KeyStore.transact} throws.
 */
export async function rotateKey(
  { store, now }: KeyDependencies,
  owner: Owner,
  { name, expiresInDays, idempotencyKey }: RotateInput,
): Promise<{ readonly expiresAt: number } | RotateRefusal | ReplayRefusal> {
  const { userId } = owner;
  const command = {
    name,
    expiresInDays,
    userId,
    tierClaim: tierClaimOf(owner),
    maximumKeysOf,
    now: Math.floor(now() / 1000),
    request:
      idempotencyKey === undefined
        ? undefined
        : idempotentRequest({ userId, operation: 'rotate', idempotencyKey }, [name, expiresInDays ?? null]),
  };
  const outcome = await store.transact(rotationScope(command), (view) => decideRotation(view, command));
  return typeof outcome !== 'string' && 'replayed' in outcome ? outcome.replayed.record : outcome;
}
