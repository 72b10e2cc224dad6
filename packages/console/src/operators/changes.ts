import type { Options } from './service.ts';

/** A change that a command makes after the operator has confirmed it in a dialog. */
export interface Change {
  readonly command: string;
  readonly options: Options;
  readonly heading: string;
  /** The label of the button that makes the change. */
  readonly submit: string;
  /**
   * Whether the change is dangerous. If so, the dialog initially focuses Cancel and shows the
   * button in the color of danger. It then makes the change only when the button is pressed, not on
   * Enter in a field.
   */
  readonly isDangerous: boolean;
  /** Sentences about what the change does. Undefined if the command's preview provides them. */
  readonly effect?: readonly string[];
  /** A sentence about when the change takes effect. */
  readonly hint?: string;
  /** The fields of the dialog. Their values become options of the command. */
  readonly fields: readonly ('tier' | 'reason')[];
}

const takesEffect = 'Running instances refuse the keys within VERIFY_CACHE_SECONDS.';

export const setTier = (userId: string, tier: string): Change => ({
  command: 'set-tier',
  options: { user: userId, tier },
  heading: `Set the tier of ${userId}`,
  submit: 'Set tier',
  isDangerous: false,
  effect: [],
  fields: ['tier', 'reason'],
});

export const suspend = (userId: string): Change => ({
  command: 'suspend',
  options: { user: userId },
  heading: `Suspend ${userId}?`,
  submit: 'Suspend',
  isDangerous: true,
  hint: takesEffect,
  fields: ['reason'],
});

export const resume = (userId: string): Change => ({
  command: 'resume',
  options: { user: userId },
  heading: `Resume ${userId}`,
  submit: 'Resume',
  isDangerous: false,
  effect: [],
  fields: ['reason'],
});

export const revokeAll = (userId: string): Change => ({
  command: 'revoke',
  options: { user: userId },
  heading: `Revoke all keys of ${userId}?`,
  submit: 'Revoke all keys',
  isDangerous: true,
  hint: takesEffect,
  fields: ['reason'],
});

/** Returns the change that revokes a key. `lastUse` is a sentence about the last use of the key. */
export const revokeKey = (
  userId: string,
  key: { readonly id: string; readonly name: string },
  lastUse?: string,
): Change => ({
  command: 'revoke',
  options: { id: key.id },
  heading: `Revoke the key “${key.name}” of ${userId}?`,
  submit: 'Revoke',
  isDangerous: true,
  effect: [
    ...(lastUse === undefined ? [] : [lastUse]),
    `The key “${key.name}” of ${userId} will be revoked permanently.`,
  ],
  hint: takesEffect,
  fields: ['reason'],
});

export const resetUsage = (userId: string): Change => ({
  command: 'usage',
  options: { user: userId, reset: true },
  heading: `Reset the usage of ${userId}?`,
  submit: 'Reset usage',
  isDangerous: true,
  fields: ['reason'],
});

export const erase = (userId: string): Change => ({
  command: 'erase',
  options: { user: userId },
  heading: `Erase ${userId}?`,
  submit: 'Erase',
  isDangerous: true,
  fields: [],
});

export const printDigestKeys: Change = {
  command: 'digest-keys',
  options: {},
  heading: 'Print the digest keys',
  submit: 'Print',
  isDangerous: false,
  effect: ['They appear in the terminal in which admin.js serve runs, not on this page.'],
  fields: [],
};
