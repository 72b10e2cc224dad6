import { resolve } from 'node:path';
import { type Pepper, type Settings, storeSettings } from '@andamio/schema/settings';
import { existingDevelopmentPepper } from '../process/development-secrets.ts';
import { givenSettings, SettingsError } from '../settings.ts';

/** The settings of the operators' tool: those of the service that concern the store, except that nothing is generated. */
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

function nameOf(store: Settings['store']): string {
  if (store.kind === 'sqlite') return `the SQLite file ${resolve(store.path)}`;
  const on = store.emulatorHost === undefined ? '' : ` on the emulator at ${store.emulatorHost}`;
  return `the Firestore database ${store.database} of project ${store.project}${on}`;
}

function peppersOf({ peppers, store }: Settings): readonly Pepper[] {
  // The generated pepper belongs to the embedded store beside it. Under the wrong pepper every key seems unknown.
  const development = store.kind === 'sqlite' ? existingDevelopmentPepper() : undefined;
  const found = peppers ?? (development && [development]);
  if (found === undefined) throw new SettingsError('KEY_PEPPERS must be set: keys are found by them alone.');
  return found;
}

/**
 * Reads the settings of the operators' tool. A secret that does not exist is an error: under a generated one, a key that
 * leaked would be answered with "no such key".
 *
 * @throws {@link SettingsError}
 */
export function readAdminSettings(): AdminSettings {
  const settings = givenSettings(undefined, storeSettings);
  const { store } = settings;
  return { store, storeName: nameOf(store), peppers: () => peppersOf(settings) };
}
