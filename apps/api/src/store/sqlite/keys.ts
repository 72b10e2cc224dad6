// Each of these runs within a transaction that nobody else writes in.
import { tierSchema } from '@andamio/schema/tiers';
import { ownEntry, tierEntry } from '../../keys/audit.ts';
import { isGone, isTooLate } from '../../keys/expiry.ts';
import { rolled } from '../../keys/roll.ts';
import { extended } from '../../keys/rotate.ts';
import {
  type ClaimTierCommand,
  type DeleteCommand,
  type DeleteOutcome,
  type FoundKey,
  type IssueCommand,
  type IssueOutcome,
  type KeyRecord,
  listedExpiredKeys,
  type OwnedKeys,
  type RollCommand,
  type RollOutcome,
  type RotateCommand,
  type RotateOutcome,
} from '../../keys/store.ts';
import { audit } from './audit.ts';
import { recall, remember } from './memory.ts';
import { keyOf, type Statements } from './statements.ts';

/** How many unexpired keys an owner holds, counted no further than to the maximum. */
function countHeld(statements: Statements, userId: string, now: number, maximum: number): number {
  return (statements.countKeys.get(userId, now, maximum) as { held: number }).held;
}

/** Returns how many keys an owner may hold. A token's claim is kept before, so what is stored of a known owner is the newest. */
function maximumKeysFor(
  statements: Statements,
  userId: string,
  { tierClaim, maximumKeysOf }: Pick<IssueCommand, 'tierClaim' | 'maximumKeysOf'>,
): number {
  const owner = statements.findOwner.get(userId);
  return maximumKeysOf(owner === undefined ? tierClaim.tier : tierSchema.parse(owner['tier']));
}

/**
 * Whether an owner has a place for a key: its own, or a free one. The key has lost its own if a change of the owner's has seen it expired,
 * although the present of this one, which had to wait, is before that.
 */
function hasPlace(statements: Statements, command: RotateCommand, expiresAt: number): boolean {
  const { userId, now } = command;
  const maximumKeys = maximumKeysFor(statements, userId, command);
  const changedAt = (statements.findOwner.get(userId)?.['changed_at'] ?? 0) as number;
  const latest = Math.max(now, changedAt);
  return expiresAt > latest || countHeld(statements, userId, latest, maximumKeys) < maximumKeys;
}

function find(statements: Statements, { userId, name }: Pick<KeyRecord, 'userId' | 'name'>): KeyRecord | undefined {
  const row = statements.findName.get(userId, name);
  return row && keyOf(row);
}

function isSuspended(statements: Statements, userId: string): boolean {
  return statements.findOwner.get(userId)?.['suspended'] === 1;
}

/** Names the secret that a key has, unless the key is gone. */
function serialOf(key: KeyRecord | undefined, now: number): string | undefined {
  return key === undefined || isGone(key, now) ? undefined : key.serial;
}

/** Keeps what a known owner's token says of its tier, unless a newer one spoke: whatever becomes of what it asks for. */
export function claimTier(statements: Statements, command: ClaimTierCommand): void {
  const { userId, tierClaim, now, by, reason } = command;
  const { tier, issuedAt } = tierClaim;
  const owner = statements.findOwner.get(userId);
  const { changes } = statements.claimTier.run(tier, issuedAt, userId, issuedAt);
  if (owner === undefined || changes === 0) return;
  const before = tierSchema.parse(owner['tier']);
  if (before !== tier) audit(statements, tierEntry({ at: now, userId, reason }, before, tier, by));
}

/** Stores a key if its name is free and the owner has a place for it. */
export function issue(statements: Statements, command: IssueCommand): IssueOutcome {
  const { record, tierClaim, attempt } = command;
  const { userId, name, createdAt } = record;
  claimTier(statements, { userId, tierClaim, now: createdAt });
  if (isSuspended(statements, userId)) return 'suspended';
  statements.sweepName.run(userId, name, createdAt);
  const held = find(statements, record);
  const earlier = recall(statements, attempt, held?.serial, createdAt);
  if (earlier !== undefined) return earlier;
  if (isTooLate(record.expiresAt)) return 'expiry_too_late';
  if (held !== undefined) return 'name_taken';
  const maximumKeys = maximumKeysFor(statements, userId, command);
  if (countHeld(statements, userId, createdAt, maximumKeys) >= maximumKeys) return 'key_limit_reached';

  statements.insertKey.run(
    userId,
    name,
    record.id,
    record.start,
    createdAt,
    record.expiresAt,
    record.expiresInDays,
    record.pepperVersion,
    record.removeAt,
    record.serial,
  );
  statements.upsertOwner.run(userId, createdAt, tierClaim.tier, tierClaim.issuedAt);
  remember(statements, attempt, createdAt, record);
  audit(statements, ownEntry('key.issued', { at: createdAt, userId, name, keyId: record.id }));
  return 'issued';
}

/** Extends a key if the domain's rule allows. */
export function rotate(statements: Statements, command: RotateCommand): RotateOutcome {
  const { userId, name, now, tierClaim, attempt } = command;
  claimTier(statements, command);
  if (isSuspended(statements, userId)) return 'suspended';
  const key = find(statements, command);
  const earlier = recall(statements, attempt, serialOf(key, now), now);
  if (earlier !== undefined) return earlier;
  const outcome = extended(key, command, ({ expiresAt }) => hasPlace(statements, command, expiresAt));
  if (typeof outcome === 'string' || key === undefined) return outcome;
  statements.extendKey.run(outcome.expiresAt, outcome.expiresInDays, outcome.removeAt, userId, name);
  statements.upsertOwner.run(userId, now, tierClaim.tier, tierClaim.issuedAt);
  remember(statements, attempt, now, { ...key, ...outcome });
  audit(statements, ownEntry('key.rotated', { at: now, userId, name, keyId: key.id }));
  return outcome;
}

/** Ends the secret that was rolled away before, if there is one. */
function endSuperseded(statements: Statements, { userId, name }: DeleteCommand): string[] {
  return statements.deleteSuperseded.all(userId, name).map(({ id }) => id as string);
}

/** Gives a key a new secret if the domain's rule allows. */
export function roll(statements: Statements, command: RollCommand): RollOutcome {
  const { userId, name, now, tierClaim, attempt } = command;
  claimTier(statements, command);
  if (isSuspended(statements, userId)) return 'suspended';
  const key = find(statements, command);
  const earlier = recall(statements, attempt, serialOf(key, now), now);
  if (earlier !== undefined) return earlier;
  const outcome = rolled(key, command);
  if (typeof outcome === 'string') return outcome;
  const { record, previousExpiresAt } = outcome;
  const ended = endSuperseded(statements, command);
  if (previousExpiresAt > now) statements.supersede.run(previousExpiresAt, userId, name);
  else ended.push(outcome.replacedId);
  statements.renewKey.run(record.id, record.serial, record.start, record.pepperVersion, now, userId, name);
  statements.upsertOwner.run(userId, now, tierClaim.tier, tierClaim.issuedAt);
  remember(statements, attempt, now, { ...record, previousExpiresAt });
  audit(statements, ownEntry('key.rolled', { at: now, userId, name, keyId: record.id }));
  return { ...outcome, ids: ended };
}

/** Removes a key if the owner holds it. */
export function remove(statements: Statements, command: DeleteCommand): DeleteOutcome {
  const { userId, name, now, tierClaim } = command;
  claimTier(statements, command);
  const key = find(statements, command);
  if (key === undefined || isGone(key, now)) return 'no_such_key';
  statements.deleteKey.run(userId, name);
  const superseded = endSuperseded(statements, command);
  statements.upsertOwner.run(userId, now, tierClaim.tier, tierClaim.issuedAt);
  audit(statements, ownEntry('key.deleted', { at: now, userId, name, keyId: key.id }));
  return { ids: [key.id, ...superseded] };
}

/** Finds a key by any of the ids that it may have. */
export function findById(statements: Statements, ids: readonly string[]): FoundKey | undefined {
  const row = statements.findKey.get(JSON.stringify(ids));
  return row && { record: keyOf(row), tier: tierSchema.parse(row['tier']), suspended: row['suspended'] === 1 };
}

/** Finds an owner's keys and when the first one was issued. */
export function list(statements: Statements, userId: string, now: number): OwnedKeys {
  const owner = statements.findOwner.get(userId);
  return {
    since: (owner?.['created_at'] ?? undefined) as number | undefined,
    tierClaim: owner && { tier: tierSchema.parse(owner['tier']), issuedAt: owner['tier_issued_at'] as number },
    keys: statements.listHeld.all(userId, now, listedExpiredKeys).map(keyOf),
  };
}
