// Each of these functions runs within a transaction, during which no other connection can write.
import { decideUsageReset, type InspectedOwner } from '@andamio/keys/administration';
import type { OwnerCommand } from '@andamio/keys/model';
import { utcDayOf } from '@andamio/keys/usage/calendar';
import { totalsOf } from '@andamio/keys/usage/month';
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

/** Deletes an owner's requests of the current month. Returns the totals before the deletion. */
export function resetUsage({ usage, audit }: Tables, command: OwnerCommand): UsageTotals {
  const { userId, now } = command;
  const day = utcDayOf(now * 1000);
  const month = usage.monthOf(userId, day);
  const { outcome, change } = decideUsageReset(month, totalsOf(month, day), command);
  if (change !== undefined) {
    usage.putMonthOf(userId, day, change.month);
    audit.append(change.entry);
  }
  return outcome;
}
