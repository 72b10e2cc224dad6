import type { Tier } from '@andamio/schema/tiers';
import { ownEntry } from './audit.ts';
import { applyTierClaim } from './claim-tier.ts';
import { deleteAfterOf, expiryOf, isExpiring, isRemoved, isTooLate } from './expiry.ts';
import {
  type IdempotentRequest,
  idempotentRequest,
  type Replay,
  type ReplayRefusal,
} from './idempotency.ts';
import type { Decision, KeyCommand, KeyRecord, OwnerScope, Validity, View } from './model.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import { decideReplay, savedAnswer } from './replay.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/** A command to rotate a key: to extend its validity. */
export interface RotateCommand extends KeyCommand {
  /** The number of days to extend by. If undefined, the key's current `expiresInDays` is used. */
  readonly expiresInDays: number | undefined;
  /** Returns the maximum number of unexpired keys for a tier, including this key. */
  readonly maximumKeysOf: (tier: Tier) => number;
  /** Maximum number of days to extend by. If undefined, there is none. */
  readonly maximumDays?: number | undefined;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** The reasons for refusing to rotate a key, in the order in which they are checked. */
export type RotateRefusal =
  | 'suspended'
  | 'no_such_key'
  | 'not_yet_rotatable'
  | 'expiry_too_late'
  | 'key_limit_reached';

/** The outcome of a {@link RotateCommand}: the key's new validity, a replay, or a refusal. */
export type RotateOutcome = Validity | RotateRefusal | Replay | ReplayRefusal;

/** Returns the scope of a rotation: the data that {@link decideRotation} reads. */
export function rotationScope({ userId, name, now, request }: RotateCommand): OwnerScope {
  return { userId, names: [name], now, request, reads: 'current' };
}

/**
 * Returns the extended validity of a key, or the reason for refusing the rotation (contract, parts
 * B and C). Rotating an expired key makes it count toward the maximum again, so the owner must hold
 * fewer keys than the maximum.
 */
function extend(
  view: View,
  key: KeyRecord,
  { now, maximumDays, ...command }: RotateCommand,
  maximumKeys: number,
): Validity | RotateRefusal {
  if (!isExpiring(key.expiresAt, now)) return 'not_yet_rotatable';
  const expiresInDays = command.expiresInDays ?? key.expiresInDays;
  const expiresAt = expiryOf(Math.max(now, key.expiresAt), expiresInDays);
  if (isTooLate({ expiresAt, expiresInDays }, maximumDays)) return 'expiry_too_late';
  const hasPlace = view.isCounted(key) || view.countUnexpired() < maximumKeys;
  if (!hasPlace) return 'key_limit_reached';
  return { expiresAt, expiresInDays, deleteAfter: deleteAfterOf(expiresAt) };
}

/** Decides whether a key is rotated, and determines its new expiry. */
export function decideRotation(view: View, command: RotateCommand): Decision<RotateOutcome> {
  const { userId, name, now, request, maximumKeysOf } = command;
  const { owner, claimed } = applyTierClaim(view.owner, command);
  const refuse = (outcome: RotateOutcome) => ({ outcome, changes: claimed });
  if (owner.suspended) return refuse('suspended');
  const replay = decideReplay(view, command);
  if (replay !== undefined) return refuse(replay);
  const { key } = view.at(name);
  if (key === undefined || isRemoved(key, now)) return refuse('no_such_key');
  const outcome = extend(view, key, command, maximumKeysOf(owner.tierClaim.tier));
  if (typeof outcome === 'string') return refuse(outcome);

  const record = { ...key, ...outcome };
  const entry = ownEntry('key.rotated', { at: now, userId, name, keyId: key.id });
  return {
    outcome,
    changes: [
      ...claimed,
      { type: 'put_secret', secret: 'current', record },
      ...savedAnswer(request, now, record),
      { type: 'append_audit_entry', entry },
    ],
  };
}

export interface RotateInput {
  readonly name: string;
  /** The number of days to extend by. If undefined, the key's current `expiresInDays` is used. */
  readonly expiresInDays: number | undefined;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Rotates an owner's key: extends a key that has expired or expires within a day. A repeated
 * request does not extend the key again.
 *
 * @returns the new expiry in Unix seconds, or the refusal.
 * @throws the same errors as {@link KeyStore.transact}.
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
  const outcome = await store.transact(rotationScope(command), (view) =>
    decideRotation(view, command),
  );
  return typeof outcome !== 'string' && 'replayed' in outcome ? outcome.replayed.record : outcome;
}
