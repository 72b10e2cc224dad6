import { resolve } from 'node:path';
import {
  type Environment,
  type Pepper,
  type Settings,
  storeSettings,
} from '@andamio/schema/settings';
import { existingDevelopmentPepper } from '../process/development-secrets.ts';
import { readSettings, SettingsError } from '../settings.ts';

/** The settings of `admin.js`: the service's settings for the store and the peppers. */
export interface AdminSettings {
  readonly store: Settings['store'];
  /** A human-readable description of the store. */
  readonly storeName: string;
  /** Whether the store is a database at Google, not a file or the emulator. */
  readonly isLive: boolean;
  /**
   * Returns the configured peppers.
   *
   * @throws {@link SettingsError} if there are none.
   */
  readonly peppers: () => readonly Pepper[];
}

function nameOf(store: Settings['store']): string {
  if (store.kind === 'sqlite') return `the SQLite file ${resolve(store.path)}`;
  const on = store.emulatorHost === undefined ? '' : ` on the emulator at ${store.emulatorHost}`;
  return `the Firestore database ${store.database} of project ${store.project}${on}`;
}

function peppersOf({ peppers, store }: Settings): readonly Pepper[] {
  // A generated pepper belongs to the embedded store in the same folder. Under the wrong pepper,
  // every key seems unknown.
  const development = store.kind === 'sqlite' ? existingDevelopmentPepper() : undefined;
  const found = peppers ?? (development && [development]);
  if (found === undefined)
    throw new SettingsError('KEY_PEPPERS must be set: without a pepper, no key can be found.');
  return found;
}

/**
 * Reads the settings of `admin.js`. A missing secret is an error: a generated pepper would be
 * useless, because a command could not find a leaked key under it and would report "no such key".
 *
 * @throws {@link SettingsError}
 */
export function readAdminSettings(environment: Environment): AdminSettings {
  const settings = readSettings(environment, storeSettings);
  const { store } = settings;
  return {
    store,
    storeName: nameOf(store),
    isLive: store.kind === 'firestore' && store.emulatorHost === undefined,
    peppers: () => peppersOf(settings),
  };
}
