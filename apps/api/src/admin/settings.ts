import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Pepper, Settings } from '@andamio/schema/settings';
import { existingDevelopmentPepper } from '../process/development-secrets.ts';
import { givenSettings, SettingsError } from '../settings.ts';
import { isStore } from '../store/sqlite/database.ts';
import { isForeignFile } from '../store/sqlite/file.ts';

/** The settings of the operators' tool: the service's own, except that nothing is generated. */
export interface AdminSettings {
  readonly store: Settings['store'];
  /** Names the store to a person. */
  readonly storeName: string;
  /**
   * Returns the configured peppers.
   *
   * @throws {@link SettingsError} if there are none.
   */
  readonly peppers: () => readonly Pepper[];
}

const wayOut =
  "Run this in the service's folder, set SQLITE_PATH, or set KEY_STORE=firestore and GOOGLE_CLOUD_PROJECT.";

function nameOf(store: Settings['store']): string {
  if (store.kind === 'sqlite') return `the SQLite file ${resolve(store.path)}`;
  const on = store.emulatorHost === undefined ? '' : ` on the emulator at ${store.emulatorHost}`;
  return `the Firestore database ${store.database} of project ${store.project}${on}`;
}

/** @throws {@link SettingsError} if the file holds no store of this service. */
function assertStoreExists(path: string): void {
  if (path === ':memory:') throw new SettingsError('SQLITE_PATH must name a file: only the service sees its memory.');
  const file = resolve(path);
  if (!existsSync(file)) throw new SettingsError(`SQLITE_PATH must name a store: there is no file ${file}.\n${wayOut}`);
  if (isForeignFile(file) || !isStore(file)) {
    throw new SettingsError(`SQLITE_PATH must name a store of this service: ${file} is none.\n${wayOut}`);
  }
}

function peppersOf({ peppers, store }: Settings): readonly Pepper[] {
  // The generated pepper belongs to the embedded store beside it. Under the wrong pepper every key seems unknown.
  const development = store.kind === 'sqlite' ? existingDevelopmentPepper() : undefined;
  const found = peppers ?? (development && [development]);
  if (found === undefined) throw new SettingsError('KEY_PEPPERS must be set: keys are found by them alone.');
  return found;
}

/**
 * Reads the settings of the operators' tool. A store or a secret that does not exist is an error: generating one would
 * answer "no such key" to somebody who holds a leaked key.
 *
 * @throws {@link SettingsError}
 */
export function readAdminSettings(): AdminSettings {
  const settings = givenSettings();
  const { store } = settings;
  if (store.kind === 'sqlite') assertStoreExists(store.path);
  return { store, storeName: nameOf(store), peppers: () => peppersOf(settings) };
}
