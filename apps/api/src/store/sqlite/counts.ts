// Each of these runs within a transaction that nobody else writes in.
import { type Tier, tiers } from '@andamio/schema/tiers';
import type { KeyCounts, OwnerCounts } from '../../keys/administration.ts';
import type { Statements } from './statements.ts';

/** Counts owners. */
export function countOwners(statements: Statements): OwnerCounts {
  const rows = statements.countOwners.all() as unknown as readonly {
    readonly tier: Tier;
    readonly owners: number;
    readonly suspended: number;
  }[];
  const none = Object.fromEntries(Object.keys(tiers).map((tier) => [tier, 0])) as Record<Tier, number>;
  return {
    total: rows.reduce((sum, { owners }) => sum + owners, 0),
    suspended: rows.reduce((sum, { suspended }) => sum + suspended, 0),
    byTier: { ...none, ...Object.fromEntries(rows.map(({ tier, owners }) => [tier, owners])) },
  };
}

/** Counts keys that are not gone, by the version of their pepper. */
export function countKeys(statements: Statements, now: number): KeyCounts[] {
  const rows = statements.countByPepper.all(now) as unknown as readonly (Omit<KeyCounts, 'pepperVersion'> & {
    readonly pepper_version: string;
  })[];
  return [...Map.groupBy(rows, ({ pepper_version }) => pepper_version)].map(([pepperVersion, parts]) => {
    const sum = (state: 'active' | 'superseded' | 'expired') => parts.reduce((total, part) => total + part[state], 0);
    return { pepperVersion, active: sum('active'), superseded: sum('superseded'), expired: sum('expired') };
  });
}
