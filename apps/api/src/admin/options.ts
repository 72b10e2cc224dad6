import { userInfo } from 'node:os';
import type { Actor } from '@andamio/keys/audit';
import type { Environment } from '@andamio/schema/settings';
import { isCloudRunJob } from '../settings.ts';
import { UsageError } from './command.ts';

/** The options of every command that changes something. */
export const changeOptions = {
  by: { type: 'string' },
  reason: { type: 'string' },
} as const;

/** The {@link changeOptions} as the help shows them. */
export const changeUsage = '[--by NAME] [--reason TEXT]';

const unprintable = /\p{C}/u;

/**
 * Returns the value of a text option.
 *
 * @param maximum maximum number of characters
 * @throws {@link UsageError} if it is blank, too long, or contains control characters
 */
function textOf(option: string, value: string, maximum: number): string {
  if (value.trim() === '' || [...value].length > maximum || unprintable.test(value)) {
    throw new UsageError(`--${option} must be 1 to ${maximum} printable characters.`);
  }
  return value;
}

function systemUser(environment: Environment): string {
  if (isCloudRunJob(environment)) {
    throw new UsageError(
      'A Cloud Run job does not know who executes it: pass your name with --by NAME.',
    );
  }
  try {
    return userInfo().username;
  } catch {
    throw new UsageError(
      'The system has no name for the current user: pass your name with --by NAME.',
    );
  }
}

/** Returns the operator who makes a change and the reason for it, for the audit log. */
export function authorOf(
  { by, reason }: { readonly by?: string | undefined; readonly reason?: string | undefined },
  environment: Environment,
): { readonly by: Actor; readonly reason: string | undefined } {
  return {
    by: { kind: 'operator', id: textOf('by', by ?? systemUser(environment), 128) },
    reason: reason === undefined ? undefined : textOf('reason', reason, 1_000),
  };
}

/** Returns the value of `--limit`: the maximum number of rows that a list shows, by default 100. */
export function limitOf({ limit = '100' }: { readonly limit?: string | undefined }): number {
  if (!/^[1-9]\d{0,5}$/.test(limit))
    throw new UsageError('--limit must be an integer from 1 to 999999.');
  return Number(limit);
}

/** Returns the value of `--user`: the id of the user that a command applies to. */
export function userOf({ user }: { readonly user?: string | undefined }): string {
  if (!user) throw new UsageError('--user ID is required.');
  return user;
}
