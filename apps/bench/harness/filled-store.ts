import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Bench } from './bench.ts';
import { type Processes, withProcesses } from './processes.ts';
import type { Running } from './program.ts';
import { issueKeys, serviceOnSqlite } from './service.ts';

/** SQL that inserts five keys per owner. The rows are copies of a key that the service issued. */
const fill = `
  WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?),
    model AS (SELECT * FROM keys LIMIT 1)
  INSERT INTO keys SELECT 'filler-' || (n / 5), 'key ' || (n % 5), lower(hex(randomblob(32))), start, created_at,
    expires_at, expires_in_days, pepper_version, remove_at, lower(hex(randomblob(16)))
  FROM number, model
`;
const fillOwners = `
  INSERT INTO owners SELECT DISTINCT keys.user_id, model.created_at, model.tier, model.tier_issued_at, model.suspended,
    model.changed_at
  FROM keys, (SELECT * FROM owners LIMIT 1) AS model WHERE keys.user_id LIKE 'filler-%'
`;

/** A running service whose embedded store is already filled with keys. */
export interface FilledService extends Running {
  /** The keys issued by the service, each to a different owner. */
  readonly keys: readonly string[];
}

/** Starts the service on a store with `total` keys. The service itself issues `issued` of them. */
export async function startFilled(
  bench: Bench,
  { start }: Processes,
  total: number,
  issued: number,
): Promise<FilledService> {
  const path = join(bench.folder, `filled-${randomUUID()}.db`);
  const service = serviceOnSqlite(bench, { SQLITE_PATH: path, VERIFY_CACHE_SECONDS: '1' });
  const keys = await withProcesses(bench, async (processes) => {
    const { url } = await processes.start(service);
    return issueKeys(url, issued);
  });

  const database = new DatabaseSync(path);
  database.prepare(fill).run(total - issued);
  database.exec(fillOwners);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE); ANALYZE;');
  database.close();
  return { ...(await start(service)), keys };
}
