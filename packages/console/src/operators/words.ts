/** The label of each field, by the name of the command's option. */
export const labels = {
  search: 'Part of the user id',
  tier: 'Tier',
  suspended: 'Suspended only',
  user: 'User id',
  reason: 'Reason',
  'idle-days': 'Not used for days',
} as const;

/** Returns a command's message with each option name replaced by the label of its field. */
export const withLabels = (message: string): string =>
  message.replace(
    /--([a-z-]+)/g,
    (option, name: string) => (labels as Readonly<Record<string, string>>)[name] ?? option,
  );

/** Returns a text in which key ids are shortened to eight characters, enough to tell keys apart. */
export const withShortIds = (text: string): string =>
  text.replace(/\b([0-9a-f]{8})[0-9a-f]{56}\b/g, '$1…');
