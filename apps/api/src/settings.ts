import {
  type Environment,
  parseSettings,
  type SettingName,
  type Settings,
} from '@andamio/schema/settings';
import { developmentJwtSecret, developmentPepper } from './process/development-secrets.ts';
import { SettingsError } from './settings-error.ts';

export { SettingsError } from './settings-error.ts';

/** Settings with all secrets. Secrets that are omitted in development are generated. */
export interface CompleteSettings extends Settings {
  readonly jwt: Settings['jwt'] & { readonly keys: NonNullable<Settings['jwt']['keys']> };
  readonly peppers: NonNullable<Settings['peppers']>;
}

/**
 * Reads the settings from the environment.
 *
 * @param names the variables to read. The default is all variables.
 * @throws {@link SettingsError}
 */
export function givenSettings(
  environment: Environment = process.env,
  names?: readonly SettingName[],
): Settings {
  const parsed = parseSettings(environment, names);
  if (!parsed.ok)
    throw new SettingsError(parsed.problems.map(({ name, rule }) => `${name} ${rule}.`).join('\n'));
  return parsed.settings;
}

/**
 * Reads the settings from the environment, and generates omitted secrets in development.
 *
 * @throws {@link SettingsError}
 */
export function readSettings(environment?: Environment): CompleteSettings {
  const settings = givenSettings(environment);
  return {
    ...settings,
    jwt: {
      ...settings.jwt,
      keys: settings.jwt.keys ?? { kind: 'secrets', secrets: [developmentJwtSecret()] },
    },
    peppers: settings.peppers ?? [developmentPepper()],
  };
}

/**
 * Reports whether the process runs in a Cloud Run job
 * (https://cloud.google.com/run/docs/container-contract#jobs-env-vars).
 */
export function isCloudRunJob(): boolean {
  return process.env['CLOUD_RUN_JOB'] !== undefined;
}
