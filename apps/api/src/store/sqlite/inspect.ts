// Runs within a transaction that nobody else writes in.
import { tierSchema } from '@andamio/schema/tiers';
import type { InspectedOwner, OwnerSummary } from '../../keys/administration.ts';
import { keyOf, type Statements } from './statements.ts';

/** Finds all that there is of an owner. */
export function inspect(statements: Statements, userId: string): InspectedOwner | undefined {
  const owner = statements.findOwner.get(userId);
  if (owner === undefined) return undefined;
  const keys = statements.listKeys.all(userId).map((row) => ({ ...keyOf(row), superseded: false }));
  const superseded = statements.listSuperseded.all(userId).map((row) => ({ ...keyOf(row), superseded: true }));
  return {
    since: (owner['created_at'] ?? undefined) as number | undefined,
    tier: tierSchema.parse(owner['tier']),
    suspended: owner['suspended'] === 1,
    keys: [...keys, ...superseded],
  };
}

/** Returns up to `limit` owners whose user ids come after another. */
export function listOwners(statements: Statements, after: string, limit: number): OwnerSummary[] {
  return statements.listOwners.all(after, limit).map((row) => ({
    userId: row['user_id'] as string,
    since: (row['created_at'] ?? undefined) as number | undefined,
    tier: tierSchema.parse(row['tier']),
    suspended: row['suspended'] === 1,
  }));
}
