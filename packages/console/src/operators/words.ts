/** The labels of the fields, by the name of the option. */
export const labels = {
  search: 'Part of the user id',
  tier: 'Tier',
  suspended: 'Suspended only',
  user: 'User id',
  reason: 'Reason',
  'idle-days': 'Not used for days',
} as const;

/** Returns a message of a command, with the labels of fields in place of the names of options. */
export const withLabels = (message: string): string =>
  message.replace(
    /--([a-z-]+)/g,
    (option, name: string) => (labels as Readonly<Record<string, string>>)[name] ?? option,
  );

/** Returns a text with key ids shortened, as far as they tell keys apart. */
export const withShortIds = (text: string): string =>
  text.replace(/\b([0-9a-f]{8})[0-9a-f]{56}\b/g, '$1…');
