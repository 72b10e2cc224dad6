import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Administration } from '../keys/administration.ts';
import type { KeyStore } from '../keys/store.ts';
import { type CompleteSettings, SettingsError } from '../settings.ts';
import { isForeignFile } from '../store/sqlite/file.ts';

/** Makes the store that the settings name. It need not answer yet. What another setting would choose is not loaded. */
export async function openStore(
  settings: CompleteSettings['store'],
  now: () => number,
): Promise<KeyStore & Administration> {
  if (settings.kind === 'sqlite') {
    const { createSqliteStore } = await import('../store/sqlite/store.ts');
    return createSqliteStore(settings.path, now);
  }
  const { createFirestoreStore } = await import('../store/firestore/store.ts');
  return createFirestoreStore(settings);
}

type StoreSettings = CompleteSettings['store'];

/**
 * Refuses a file that can never become a store. One that cannot be opened yet is tried again at each call.
 *
 * @throws {@link SettingsError} that names the path.
 */
export function assertNoForeignFile(settings: StoreSettings): void {
  if (settings.kind !== 'sqlite' || settings.path === ':memory:' || !isForeignFile(settings.path)) return;
  const path = resolve(settings.path);
  throw new SettingsError(
    `SQLITE_PATH must name a SQLite database: ${path} is something else. Move it away, or name another path.`,
  );
}

const wayOut =
  "Run this in the service's folder, set SQLITE_PATH, or set KEY_STORE=firestore and GOOGLE_CLOUD_PROJECT.";

/**
 * Refuses an embedded store that does not exist. Whether Firestore's does, only a call can tell.
 *
 * @throws {@link SettingsError} that names the path.
 */
export async function assertStoreExists(settings: StoreSettings): Promise<void> {
  if (settings.kind !== 'sqlite') return;
  if (settings.path === ':memory:') {
    throw new SettingsError('SQLITE_PATH must name a file: only the service sees its memory.');
  }
  const path = resolve(settings.path);
  if (!existsSync(path)) throw new SettingsError(`SQLITE_PATH must name a store: there is no file ${path}.\n${wayOut}`);
  const { isStore } = await import('../store/sqlite/database.ts');
  if (isForeignFile(path) || !isStore(path)) {
    throw new SettingsError(`SQLITE_PATH must name a store of this service: ${path} is none.\n${wayOut}`);
  }
}
