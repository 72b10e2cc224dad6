import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Administration } from '@andamio/keys/administration';
import type { KeyStore } from '@andamio/keys/store';
import type { Settings } from '@andamio/schema/settings';
import { SettingsError } from '../settings.ts';
import { isForeignFile } from '../store/sqlite/file.ts';
import type { Sweeps } from '../store/sqlite/store.ts';

/**
 * Creates the store that the settings select, without waiting for the database. Only the selected
 * implementation is loaded, which keeps startup fast.
 *
 * @param sweeps if given, the embedded store deletes records whose retention has passed. Firestore
 *   does so itself.
 */
export async function openStore(
  settings: StoreSettings,
  now: () => number,
  sweeps?: Sweeps,
): Promise<KeyStore & Administration> {
  if (settings.kind === 'sqlite') {
    const { createSqliteStore } = await import('../store/sqlite/store.ts');
    return createSqliteStore(settings.path, now, sweeps);
  }
  const { createFirestoreStore } = await import('../store/firestore/store.ts');
  return createFirestoreStore(settings);
}

type StoreSettings = Settings['store'];

/**
 * Rejects a file that is not a SQLite database. A file that cannot be opened is accepted, because
 * the store tries to open it on each call.
 *
 * @throws {@link SettingsError} with the path in its message.
 */
export function assertNoForeignFile(settings: StoreSettings): void {
  if (settings.kind !== 'sqlite' || settings.path === ':memory:' || !isForeignFile(settings.path))
    return;
  const path = resolve(settings.path);
  throw new SettingsError(
    `SQLITE_PATH must name a SQLite database, but ${path} is a different kind of file. Move it, or set another path.`,
  );
}

const remedy =
  "Run this in the service's folder, set SQLITE_PATH, or set KEY_STORE=firestore and GOOGLE_CLOUD_PROJECT.";

/**
 * Rejects an embedded store that does not exist. A Firestore database is not checked, because that
 * would require a call to Firestore.
 *
 * @throws {@link SettingsError} with the path in its message.
 */
export async function assertStoreExists(settings: StoreSettings): Promise<void> {
  if (settings.kind !== 'sqlite') return;
  if (settings.path === ':memory:') {
    throw new SettingsError(
      'SQLITE_PATH must name a file: no other process can read an in-memory store.',
    );
  }
  const path = resolve(settings.path);
  if (!existsSync(path))
    throw new SettingsError(
      `SQLITE_PATH must name a store, but ${path} does not exist.\n${remedy}`,
    );
  const { isStore } = await import('../store/sqlite/database.ts');
  if (isForeignFile(path) || !isStore(path)) {
    throw new SettingsError(
      `SQLITE_PATH must name a store of this service, but ${path} is not one.\n${remedy}`,
    );
  }
}
