import type { DatabaseSync } from 'node:sqlite';
import type { OwnerCounts, OwnerSummary } from '@andamio/keys/administration';
import type { OwnerRecord } from '@andamio/keys/model';
import { type Tier, tierSchema, tiers } from '@andamio/schema/tiers';
import * as z from 'zod';
import { prepare } from './statement.ts';

const ownerRow = z.object({
  user_id: z.string(),
  created_at: z.number().nullable(),
  tier: tierSchema,
  tier_issued_at: z.number(),
  suspended: z.literal([0, 1]),
  changed_at: z.number(),
});

const countRow = z.object({ tier: tierSchema, owners: z.number(), suspended: z.number() });

/** An owner, and the time of the latest change to the owner or the owner's keys. */
export interface StoredOwner {
  readonly record: OwnerRecord;
  /** Unix seconds. */
  readonly changedAt: number;
}

/** Prepares the statements for the table of owners. */
export function ownerTable(database: DatabaseSync) {
  const columns = 'user_id, created_at, tier, tier_issued_at, suspended, changed_at';
  const find = prepare(database, `SELECT ${columns} FROM owners WHERE user_id = :userId`);
  const put = prepare(
    database,
    `
    INSERT INTO owners (${columns})
    VALUES (:userId, :createdAt, :tier, :tierIssuedAt, :suspended, :changedAt)
    ON CONFLICT (user_id) DO UPDATE SET
      created_at = excluded.created_at, tier = excluded.tier, tier_issued_at = excluded.tier_issued_at,
      suspended = excluded.suspended, changed_at = max(changed_at, excluded.changed_at)`,
  );
  const list = prepare(
    database,
    `
    SELECT ${columns} FROM owners WHERE user_id > :after ORDER BY user_id LIMIT :limit`,
  );
  const count = prepare(
    database,
    `
    SELECT tier, count(*) AS owners, sum(suspended) AS suspended FROM owners GROUP BY tier`,
  );
  return {
    find(userId: string): StoredOwner | undefined {
      const row = find.get({ userId });
      if (row === undefined) return undefined;
      const owner = ownerRow.parse(row);
      return {
        record: {
          createdAt: owner.created_at ?? undefined,
          tierClaim: { tier: owner.tier, issuedAt: owner.tier_issued_at },
          suspended: owner.suspended === 1,
          // An erasure is a single transaction, so a partly erased owner is never stored.
          erasing: false,
        },
        changedAt: owner.changed_at,
      };
    },

    /** Stores an owner. The stored `changedAt` never decreases. */
    put(userId: string, { createdAt = null, tierClaim, suspended }: PutOwner, changedAt: number) {
      const { tier, issuedAt: tierIssuedAt } = tierClaim;
      put.run({ userId, createdAt, tier, tierIssuedAt, suspended: Number(suspended), changedAt });
    },

    /** Returns up to `limit` owners whose user ids sort after `after`. */
    listAfter(after: string, limit: number): OwnerSummary[] {
      return list.all({ after, limit }).map((row) => {
        const owner = ownerRow.parse(row);
        return {
          userId: owner.user_id,
          since: owner.created_at ?? undefined,
          tier: owner.tier,
          suspended: owner.suspended === 1,
        };
      });
    },

    count(): OwnerCounts {
      const rows = count.all({}).map((row) => countRow.parse(row));
      const none = Object.fromEntries(Object.keys(tiers).map((tier) => [tier, 0])) as Record<
        Tier,
        number
      >;
      return {
        total: rows.reduce((sum, { owners }) => sum + owners, 0),
        suspended: rows.reduce((sum, { suspended }) => sum + suspended, 0),
        byTier: { ...none, ...Object.fromEntries(rows.map(({ tier, owners }) => [tier, owners])) },
      };
    },
  };
}

interface PutOwner extends Omit<OwnerRecord, 'createdAt' | 'erasing'> {
  readonly createdAt?: number | null | undefined;
}
