import type { DatabaseSync } from 'node:sqlite';
import { erasureEntry } from '@andamio/keys/audit';
import type { OwnerCommand } from '@andamio/keys/model';
import { prepare } from './statement.ts';
import type { Tables } from './tables.ts';

/**
 * Returns the names of all tables with a `user_id` column. The names are read from the database's
 * schema, so that no table can be forgotten.
 */
function tablesByUser(database: DatabaseSync): string[] {
  const tables = prepare(
    database,
    `
    SELECT tables.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND columns.name = 'user_id'`,
  );
  return tables.all({}).map(({ name }) => name as string);
}

/** Deletes everything that is stored about a user. Returns whether there was anything. */
export function erase(
  database: DatabaseSync,
  { audit }: Tables,
  { userId, by, now }: Omit<OwnerCommand, 'reason'>,
): boolean {
  let removed = 0;
  for (const table of tablesByUser(database)) {
    removed += Number(
      prepare(database, `DELETE FROM "${table}" WHERE user_id = :userId`).run({ userId }).changes,
    );
  }
  if (removed > 0) audit.append(erasureEntry({ at: now, actor: by, userId }));
  return removed > 0;
}
