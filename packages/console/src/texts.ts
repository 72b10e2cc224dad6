/**
 * All texts of the element `<andamio-keys>`. A page can replace any of them, for example with
 * translations: `element.texts = { create: 'Schlüssel erstellen' }`. Some texts are functions. The
 * numbers and times in their arguments are already formatted for `locale`.
 */
export const english = {
  /** The language of numbers, dates and relative times, as a BCP 47 tag. */
  locale: 'en-US',

  heading: 'API keys',
  loading: 'Loading your keys…',
  refresh: 'Refresh',
  cancel: 'Cancel',
  tryAgain: 'Try again',
  keysUsed: (used: string, maximum: string, tier: string, one: boolean) =>
    `${used} of ${maximum} ${one ? 'key' : 'keys'} used (${tier})`,
  atMaximum:
    'You hold as many keys as your tier allows. Delete a key that you do not use, or get a higher tier.',
  readOnly: 'Your sign-in allows you to see keys, but not to change them.',

  usageHeading: 'Requests with your keys',
  today: 'Today (UTC)',
  thisMonth: 'This month (UTC)',
  usage: (used: string, limit: string) => `${used} of ${limit}`,

  expireSoon: (count: string, one: boolean) =>
    `${count} ${one ? 'key expires' : 'keys expire'} soon`,
  haveExpired: (count: string, one: boolean) => `${count} ${one ? 'key has' : 'keys have'} expired`,
  neverUsedFor90Days: (count: string, one: boolean) =>
    `${count} ${one ? 'key was' : 'keys were'} never used in 90 days`,

  search: 'Search by name or first characters',
  show: 'Show',
  sortBy: 'Sort by',
  filters: {
    all: 'All keys',
    active: 'Active',
    expiring: 'Expires soon',
    expired: 'Expired',
    replaced: 'Being replaced',
    unused: 'Never used in 90 days',
  },
  orders: {
    attention: 'Needs attention first',
    newest: 'Newest first',
    name: 'Name',
    lastUsed: 'Last used',
    expiry: 'Expiry',
  },
  noMatch: 'No key matches.',
  showAll: 'Show all keys',
  showMore: 'Show more keys',

  emptyHeading: 'No keys yet',
  emptyText:
    'A key lets a program use the API in your name. Create one for each program, so that you can replace or delete it without stopping the others.',

  columns: {
    name: 'Name',
    key: 'Key',
    state: 'State',
    created: 'Created',
    lastUsed: 'Last used',
    requests: 'Requests, 30 days',
    expires: 'Expires',
    actions: 'Actions',
  },
  states: {
    active: 'Active',
    expiring: 'Expires soon',
    expired: 'Expired',
    replaced: 'Being replaced',
  },
  neverUsed: 'Never used',
  chart: (total: string, most: string, day: string, one: boolean) =>
    one
      ? `${total} request in 30 days, on ${day}`
      : `${total} requests in 30 days, most on ${day}: ${most}`,
  noRequests: 'No requests in 30 days',
  removedOn: (date: string) => `Removed on ${date}`,
  previousSecret: (time: string) => `Old secret, works until ${time}`,
  extendableFrom: (date: string) => `Can be extended from ${date}`,

  create: 'Create key',
  createHeading: 'Create a key',
  name: 'Name',
  nameHint: 'What will use the key, for example “CI on main”. 3 to 100 characters.',
  nameLength: 'The name must have 3 to 100 characters.',
  validFor: 'Valid for',
  days: (count: string, one: boolean) => `${count} ${one ? 'day' : 'days'}`,
  otherDays: 'Another number of days',
  numberOfDays: 'Number of days',
  daysRange: (maximum: string) => `The number of days must be a whole number from 1 to ${maximum}.`,
  expiresOn: (time: string) => `Expires on ${time}.`,

  replace: 'Replace secret',
  replaceHeading: (name: string) => `Replace the secret of “${name}”`,
  replaceText: 'The key gets a new secret. How long does the old one keep working?',
  graces: {
    3600: '1 hour',
    86400: '1 day',
    604800: '7 days',
    0: 'It expires now',
  },
  graceUntil: (time: string) => `The old secret works until ${time}. `,
  graceNow: 'Programs that use the old secret fail within 10 seconds. ',
  expiryStays: (date: string) => `The key still expires on ${date}.`,
  olderExpires: 'The secret that you replaced before expires now.',

  extend: 'Extend',
  extendHeading: (name: string) => `Extend “${name}”`,
  extendText: 'The secret stays the same. Only the expiry changes.',
  newExpiry: (time: string) => `New expiry: ${time}.`,

  delete: 'Delete',
  deleteHeading: (name: string) => `Delete “${name}”?`,
  deleteText: 'Requests with this key fail within 10 seconds. This cannot be undone.',
  lastUse: (relative: string, requests: string, one: boolean) =>
    `Last used ${relative}; ${requests} ${one ? 'request' : 'requests'} in 30 days.`,
  lastUseUnknown: (requests: string, one: boolean) =>
    `${requests} ${one ? 'request' : 'requests'} in 30 days, but none with the current secret is known.`,
  lastUseNever: 'This key was never used.',
  confirmDelete: 'I understand that a program may still use this key',
  confirmDeleteMissing: 'Check the box to confirm that a program may still use this key.',

  revealHeading: 'Copy your new key',
  revealText:
    'This is the only time the key is shown. Only a digest is stored, so it cannot be shown again.',
  yourKey: 'Your key',
  hide: 'Hide',
  unhide: 'Show key',
  copy: 'Copy',
  copyEnv: 'Copy .env line',
  copyCurl: 'Copy command',
  copied: 'Copied',
  copyFailed: 'Copying failed. The key is selected: press Ctrl+C, or ⌘C on a Mac.',
  copyFailedOther: 'Copying failed. Select the text and press Ctrl+C, or ⌘C on a Mac.',
  tryIt: 'Try it',
  tryItHint: 'With the key in the environment variable ANT_API_KEY:',
  previousWorksUntil: (time: string) => `The old secret works until ${time}.`,
  previousExpired: 'The old secret no longer works.',
  stored: 'I have stored it',
  notCopied: 'You have not copied this key. It cannot be shown again. Close anyway?',
  keepOpen: 'Keep open',
  closeAnyway: 'Close anyway',

  working: 'Working…',
  stillTrying: 'No answer yet. Trying again; the change is made only once.',
  created: (name: string) => `The key “${name}” was created.`,
  replaced: (name: string) => `The secret of “${name}” was replaced.`,
  extended: (name: string) => `The key “${name}” was extended.`,
  deleted: (name: string) => `The key “${name}” was deleted.`,

  offline: 'You are offline. The list is read again when you are back.',
  wait: (seconds: string) => `Wait ${seconds} s.`,
  requestId: (id: string) => `Request ${id}`,
  errors: {
    signedOut: 'You are signed out. Sign in again, then try again.',
    tokenUnavailable: 'Your sign-in could not be checked. Try again.',
    network: 'The service does not answer. Check your connection, then try again.',
    unknownOutcome:
      'No answer came, so the change may have been made. Try again here: the change is made only once.',
    rateLimited: 'Too many requests.',
    maximumReached: 'Waiting does not help.',
    suspended:
      'Your keys are suspended. Contact the operator of the platform. You can still delete keys.',
    forbidden: 'Your sign-in does not allow this. Ask the operator for access.',
    nameTaken: 'You already have a key with this name. Choose another name.',
    invalidName: 'This name is not allowed. Use 3 to 100 characters without control characters.',
    tooManyDays: 'The service does not allow this many days. Choose fewer.',
    noSuchKey: 'This key no longer exists.',
    keyExpired: 'The key has expired. Extend it first.',
    notYetExtendable: 'The key can be extended only within 1 day of its expiry, or after it.',
    outdated: 'The key was deleted or replaced in the meantime. Close this and start again.',
    service: 'The service has a problem. Try again later.',
    unexpected: 'The answer is not one of this service. Tell the operator of this page.',
    baseUrl: 'This page is set up wrongly: base-url must be the https address of the service.',
  },
};

/** The texts of the element `<andamio-keys>`. */
export type Texts = typeof english;

/** Texts that replace some of {@link english}. */
export type OwnTexts = {
  readonly [Name in keyof Texts]?: Texts[Name] extends string | ((...values: never) => string)
    ? Texts[Name]
    : Partial<Texts[Name]>;
};

type Table = Readonly<Record<string, unknown>>;

const merge = (table: Table, own: Table): Table =>
  Object.fromEntries(
    Object.entries(table).map(([name, text]) => {
      const ownText = own[name] ?? text;
      const isGroup = typeof text === 'object';
      return [name, isGroup ? merge(text as Table, ownText as Table) : ownText];
    }),
  );

/** Returns the English texts, with the given texts in their places, also inside groups of texts. */
export const textsWith = (own: OwnTexts | undefined): Texts =>
  merge(english, own ?? {}) as unknown as Texts;
