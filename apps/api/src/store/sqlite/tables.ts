import type { DatabaseSync } from 'node:sqlite';
import type { KeyCounts } from '@andamio/keys/administration';
import type { FoundKey } from '@andamio/keys/model';
import { tierSchema } from '@andamio/schema/tiers';
import * as z from 'zod';
import { auditTable } from './audit.ts';
import { deviceLoginTable } from './device-logins.ts';
import { idempotencyTable } from './idempotency.ts';
import { currentKeys, keyTable, parseKey } from './keys.ts';
import { ownerTable } from './owners.ts';
import { prepare } from './statement.ts';
import { usageTable } from './usage.ts';

const accountStatus = z.object({ tier: tierSchema, suspended: z.literal([0, 1]) });

const countRow = z.object({
  pepper_version: z.string(),
  active: z.number(),
  superseded: z.number(),
  expired: z.number(),
});

export type Tables = ReturnType<typeof prepareTables>;

/** Prepares all statements of the store, grouped by table. */
export function prepareTables(database: DatabaseSync) {
  const find = prepare(
    database,
    `
    SELECT found.*, tier, suspended FROM (
      SELECT keys.* FROM json_each(:ids) AS wanted JOIN keys ON keys.id = wanted.value
      UNION ALL
      SELECT superseded_keys.* FROM json_each(:ids) AS wanted
        JOIN superseded_keys ON superseded_keys.id = wanted.value
    ) AS found JOIN owners USING (user_id)`,
  );
  const countByPepper = prepare(
    database,
    `
    SELECT pepper_version, sum(active) AS active, sum(superseded) AS superseded, sum(expired) AS expired FROM (
      SELECT pepper_version, expires_at > :now AS active, 0 AS superseded, expires_at <= :now AS expired
        FROM keys WHERE remove_at > :now
      UNION ALL
      SELECT pepper_version, 0, 1, 0 FROM superseded_keys WHERE expires_at > :now
    ) GROUP BY pepper_version`,
  );
  return {
    keys: currentKeys(database),
    previousKeys: keyTable(database, 'superseded_keys'),
    owners: ownerTable(database),
    idempotency: idempotencyTable(database),
    deviceLogins: deviceLoginTable(database),
    audit: auditTable(database),
    usage: usageTable(database),

    /** Finds a key by its possible ids. */
    find(ids: readonly string[]): FoundKey | undefined {
      const row = find.get({ ids: JSON.stringify(ids) });
      if (row === undefined) return undefined;
      const { tier, suspended } = accountStatus.parse(row);
      return { record: parseKey(row), tier, suspended: suspended === 1 };
    },

    /** Counts the keys under each pepper, except removed keys. `now` is Unix seconds. */
    countKeys(now: number): KeyCounts[] {
      return countByPepper.all({ now }).map((row) => {
        const { pepper_version: pepperVersion, ...counts } = countRow.parse(row);
        return { pepperVersion, ...counts };
      });
    },
  };
}
