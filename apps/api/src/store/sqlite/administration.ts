// Each of these functions runs within a transaction, during which no other connection can write.
import {
  type InspectedOwner,
  revocationEntry,
  usageResetEntry,
} from '@andamio/keys/administration';
import { isRemoved } from '@andamio/keys/expiry';
import type { OwnerCommand } from '@andamio/keys/model';
import type { RevokedKey } from '@andamio/keys/revoke';
import { utcDayOf } from '@andamio/keys/usage/calendar';
import type { UsageTotals } from '@andamio/keys/usage/store';
import type { Tables } from './tables.ts';

/** Finds an owner and all of the owner's keys. */
export function inspect(
  { owners, keys, previousKeys }: Tables,
  userId: string,
): InspectedOwner | undefined {
  const owner = owners.find(userId)?.record;
  if (owner === undefined) return undefined;
  return {
    since: owner.createdAt,
    tier: owner.tierClaim.tier,
    suspended: owner.suspended,
    keys: [
      ...keys.list(userId).map((key) => ({ ...key, superseded: false })),
      ...previousKeys.list(userId).map((key) => ({ ...key, superseded: true })),
    ],
  };
}

export function revokeAll(tables: Tables, command: OwnerCommand): RevokedKey[] {
  const { userId, now } = command;
  const keys = tables.keys.list(userId);
  tables.keys.removeAll(userId);
  tables.previousKeys.removeAll(userId);
  return keys
    .filter((key) => !isRemoved(key, now))
    .map(({ id, name }) => {
      tables.audit.append(revocationEntry(command, { id, name }));
      return { id, userId, name };
    });
}

/** Deletes an owner's requests of the current month. Returns the totals before the deletion. */
export function resetUsage({ usage, audit }: Tables, command: OwnerCommand): UsageTotals {
  const { userId, now } = command;
  const day = utcDayOf(now * 1000);
  const before = usage.readTotals(userId, day);
  if (usage.resetMonthOf(userId, day)) audit.append(usageResetEntry(command));
  return before;
}
