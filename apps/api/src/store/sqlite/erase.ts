import type { DatabaseSync } from 'node:sqlite';
import type { OwnerCommand } from '../../keys/administration.ts';
import { erasureEntry } from '../../keys/audit.ts';
import { audit } from './audit.ts';
import type { Statements } from './statements.ts';

/** The tables that say of a row whose it is, as they are in the database: none can be forgotten. */
function tablesByUser(database: DatabaseSync): string[] {
  const tables = database.prepare(`
    SELECT tables.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND columns.name = 'user_id'`);
  return tables.all().map(({ name }) => name as string);
}

/** Removes everything that is stored of a user, within a transaction that nobody else writes in. */
export function erase(
  database: DatabaseSync,
  statements: Statements,
  { userId, by, now }: Omit<OwnerCommand, 'reason'>,
): boolean {
  let removed = 0;
  for (const table of tablesByUser(database)) {
    removed += Number(database.prepare(`DELETE FROM "${table}" WHERE user_id = ?`).run(userId).changes);
  }
  if (removed > 0) audit(statements, erasureEntry({ at: now, actor: by, userId }));
  return removed > 0;
}
