/** Invalid or missing settings. The message has one line per problem and never contains a value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}
