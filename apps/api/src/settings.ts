import {
  type Environment,
  parseSettings,
  type SettingName,
  type Settings,
} from '@andamio/schema/settings';

/** Invalid or missing settings. The message has one line per problem and never contains a value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the settings from the environment.
 *
 * @param names the variables to read. The default is all variables.
 * @throws {@link SettingsError}
 */
export function readSettings(
  environment: Environment = process.env,
  names?: readonly SettingName[],
): Settings {
  const parsed = parseSettings(environment, names);
  if (!parsed.ok)
    throw new SettingsError(parsed.problems.map(({ name, rule }) => `${name} ${rule}.`).join('\n'));
  return parsed.settings;
}

/**
 * Reports whether the process runs in a Cloud Run job
 * (https://cloud.google.com/run/docs/container-contract#jobs-env-vars).
 */
export function isCloudRunJob(environment: Environment): boolean {
  return environment['CLOUD_RUN_JOB'] !== undefined;
}
