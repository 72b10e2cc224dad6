import { ownEntry } from './audit.ts';
import { applyTierClaim } from './claim-tier.ts';
import { isRemoved } from './expiry.ts';
import {
  type IdempotentRequest,
  idempotentRequest,
  type Replay,
  type ReplayRefusal,
} from './idempotency.ts';
import type { IssueKeyDependencies, NewKey } from './issue.ts';
import type { Change, Decision, KeyCommand, KeyRecord, OwnerScope, Secret, View } from './model.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import { decideReplay, savedAnswer } from './replay.ts';
import { newSecret } from './secret.ts';
import type { KeyStore } from './store.ts';

/** A command to roll a key: to replace its secret. */
export interface RollCommand extends KeyCommand {
  readonly secret: Secret;
  /** Seconds for which the previous secret stays valid. */
  readonly graceSeconds: number;
  /** The request, if the client sent an `Idempotency-Key`. */
  readonly request?: IdempotentRequest | undefined;
}

/** The outcome of a successful roll. `record` contains the new secret. */
interface Rolled {
  readonly record: KeyRecord;
  /**
   * When the previous secret expires, in Unix seconds. Without a grace period, this time is not in
   * the future.
   */
  readonly previousExpiresAt: number;
}

/** The reasons for refusing to roll a key, in the order in which they are checked. */
export type RollRefusal = 'suspended' | 'no_such_key' | 'key_expired';

/** The outcome of a {@link RollCommand}: the key with its new secret, a replay, or a refusal. */
export type RollOutcome = Rolled | RollRefusal | Replay | ReplayRefusal;

/** Returns the scope of a roll: the data that {@link decideRoll} reads. */
export function rollScope({ userId, name, now, request }: RollCommand): OwnerScope {
  return { userId, names: [name], now, request, reads: 'current' };
}

/**
 * Decides whether a key is rolled (contract, "Rolling"). The key keeps its name and expiry. The
 * current secret becomes the previous secret until the grace period ends. An earlier previous
 * secret expires immediately.
 */
export function decideRoll(view: View, command: RollCommand): Decision<RollOutcome> {
  const { userId, name, now, secret, graceSeconds, request } = command;
  const { owner, claimed } = applyTierClaim(view.owner, command);
  const refuse = (outcome: RollOutcome) => ({ outcome, changes: claimed });
  if (owner.suspended) return refuse('suspended');
  const replay = decideReplay(view, command);
  if (replay !== undefined) return refuse(replay);
  const { key, previousId } = view.at(name);
  if (key === undefined || isRemoved(key, now)) return refuse('no_such_key');
  if (key.expiresAt <= now) return refuse('key_expired');

  const record = { ...key, ...secret, createdAt: now };
  const previousExpiresAt = Math.min(key.expiresAt, now + graceSeconds);
  const changes: Change[] = [...claimed];
  if (previousId !== undefined) changes.push({ type: 'remove_secret', secret: 'previous', name });
  changes.push({ type: 'put_secret', secret: 'current', record });
  if (previousExpiresAt > now) {
    const superseded = { ...key, expiresAt: previousExpiresAt, deleteAfter: previousExpiresAt };
    changes.push({ type: 'put_secret', secret: 'previous', record: superseded });
  }
  const entry = ownEntry('key.rolled', { at: now, userId, name, keyId: record.id });
  changes.push(...savedAnswer(request, now, { ...record, previousExpiresAt }), {
    type: 'append_audit_entry',
    entry,
  });
  return { outcome: { record, previousExpiresAt }, changes };
}

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
 * Rolls an owner's key: replaces its secret. The replaced secret stays valid for `graceSeconds`. An
 * earlier previous secret expires immediately. A repeated request returns the same key.
 *
 * @throws the same errors as {@link KeyStore.transact}.
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
  const outcome = await store.transact(rollScope(command), (view) => decideRoll(view, command));
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
