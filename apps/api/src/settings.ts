import { type Environment, parseSettings, type Settings } from '@andamio/schema/settings';
import { developmentJwtSecret, developmentPepper } from './process/development-secrets.ts';
import { SettingsError } from './settings-error.ts';

export { SettingsError } from './settings-error.ts';

/** Settings in which everything that may be left out outside production has been made. */
export interface CompleteSettings extends Settings {
  readonly jwt: Settings['jwt'] & { readonly keys: NonNullable<Settings['jwt']['keys']> };
  readonly peppers: NonNullable<Settings['peppers']>;
}

/**
 * Reads the settings from the environment.
 *
 * @throws {@link SettingsError}
 */
export function givenSettings(environment: Environment = process.env): Settings {
  const parsed = parseSettings(environment);
  if (!parsed.ok) throw new SettingsError(parsed.problems.map(({ name, rule }) => `${name} ${rule}.`).join('\n'));
  return parsed.settings;
}

/**
 * Reads the settings from the environment, and generates what may be left out in development.
 *
 * @throws {@link SettingsError}
 */
export function readSettings(environment?: Environment): CompleteSettings {
  const settings = givenSettings(environment);
  return {
    ...settings,
    jwt: { ...settings.jwt, keys: settings.jwt.keys ?? { kind: 'secrets', secrets: [developmentJwtSecret()] } },
    peppers: settings.peppers ?? [developmentPepper()],
  };
}
