const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;

const minutes = (seconds = 60) => counted(Math.ceil(seconds / 60), 'minute');

/** All texts of the page for device logins, except those of the sign-in. */
export const texts = {
  title: 'approve a program',
  description: 'Approve or deny a program that asks for an API key.',
  keys: 'Your keys',
  signOut: 'Sign out',
  signIn: 'Sign in',
  noScript: 'This page needs JavaScript.',

  warning: {
    heading: 'Only continue if you started this login yourself.',
    text: 'If a website, a message or another person gave you this code, stop.',
  },
  entry: {
    heading: 'Enter the code shown in your terminal',
    code: 'Code',
    placeholder: 'XXXX-XXXX',
    submit: 'Continue',
    otherAccount: 'You are signed in with another account now. Enter the code again.',
  },
  unnamedAccount: 'the account of your token',

  deny: 'Deny',
  approve: 'Approve',
  decision: {
    heading: 'Let a program create an API key for you?',
    account: 'Account',
    notYou: '(not you? Sign out)',
    code: 'Code',
    compare: 'It must be the code in <em>your</em> terminal.',
    asked: 'Asked',
    from: 'from',
    sameNetwork: 'This browser is in the same network.',
    otherNetwork: 'This browser is in another network.',
    name: 'It calls itself',
    gets: 'It will get',
    keyFor: (days: number) => `a key that is valid for ${counted(days, 'day')}.`,
    consequence: "Anyone who uses this terminal can use your account's API with it.",
  },
  second: {
    heading: 'The program is in another network. Is it yours?',
    text: (address: string) =>
      `It asked from ${address}, which is not the network of this browser. That is normal for a terminal on a server, or with a VPN.`,
  },

  outcome: {
    approved: 'Approved. Return to your terminal.',
    redeemed: 'The program has its key.',
    denied: 'Denied. Nothing was created.',
    deleted: 'The key is deleted.',
    deletedText: (name: string) =>
      `The program already had the key ${name}. It stops working within seconds.`,
    takeBack: 'I did not start this',
    takeBackText:
      'If you did not start this login, take the approval back. If the program already has the key, the key is deleted.',
    again: 'Enter another code',
  },

  /** Advice to the user after a failed request, by error code. */
  failures: {
    unknown_user_code:
      'No login with this code waits for you. Compare the code with your terminal. If it is older than 10 minutes, start again in your terminal.',
    invalid_field: 'Enter the 8 letters that your terminal shows, such as WDJB-MJHT.',
    too_many_wrong_codes: (seconds?: number) =>
      `Too many wrong codes. Try again in ${minutes(seconds)}.`,
    rate_limited: (seconds?: number) => `Too many requests. Try again in ${minutes(seconds)}.`,
    name_taken:
      'You already have a key with this name. Delete it first, or deny and start again with another name.',
    key_limit_reached:
      'You have as many active keys as your tier allows. Delete one first, or deny.',
    suspended: 'Your keys are suspended. Contact the operator of the platform.',
    forbidden: 'Your token does not allow creating keys.',
    unreachable: 'The service could not be reached. Try again.',
    other: (requestId = 'unknown') =>
      `The service reported an error. Try again. Request id: ${requestId}.`,
    unexpected: 'Something went wrong. Try again.',
  },

  /** The time that has passed, in the largest suitable unit. */
  ago: (count: number, unit: 'second' | 'minute') => `${counted(count, unit)} ago`,
} as const;
