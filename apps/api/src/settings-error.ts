/** The settings are not what the program needs. The message has a line for each mistake, without any value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}
