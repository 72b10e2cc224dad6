import { decideRotation, rotationScope } from './decide/rotate.ts';
import { idempotentRequest, type ReplayRefusal } from './idempotency.ts';
import type { RotateCommand, RotateOutcome, RotateRefusal } from './model.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

export interface RotateInput {
  readonly name: string;
  /** The number of days to extend by. If undefined, the key's current `expiresInDays` is used. */
  readonly expiresInDays: number | undefined;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Extends the validity of a key, unless the request is refused or replayed.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function extendKey(
  store: Pick<KeyStore, 'transact'>,
  command: RotateCommand,
): Promise<RotateOutcome> {
  return store.transact(rotationScope(command), (view) => decideRotation(view, command));
}

/**
 * Rotates an owner's key: extends a key that has expired or expires within a day. A repeated
 * request does not extend the key again.
 *
 * @returns the new expiry in Unix seconds, or the refusal.
 * @throws the errors of {@link KeyStore.transact}.
 */
export async function rotateKey(
  { store, now, maximumDays }: KeyDependencies,
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
    maximumDays,
    now: Math.floor(now() / 1000),
    request: idempotentRequest({ userId, operation: 'rotate', idempotencyKey }, [
      name,
      expiresInDays ?? null,
    ]),
  };
  const outcome = await extendKey(store, command);
  return typeof outcome !== 'string' && 'replayed' in outcome ? outcome.replayed.record : outcome;
}
