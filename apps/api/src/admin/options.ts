import { userInfo } from 'node:os';
import type { Actor } from '../keys/audit.ts';
import { isCloudRunJob } from '../settings.ts';
import { UsageError } from './command.ts';

/** Options of every command that changes something. */
export const changeOptions = {
  by: { type: 'string' },
  reason: { type: 'string' },
} as const;

/** How {@link changeOptions} are written. */
export const changeUsage = '[--by NAME] [--reason TEXT]';

const unprintable = /\p{C}/u;

/** A text of at most so many characters, none of which would do something to a terminal. */
function textOf(option: string, value: string, maximum: number): string {
  if (value.trim() === '' || [...value].length > maximum || unprintable.test(value)) {
    throw new UsageError(`--${option} must be 1 to ${maximum} printable characters.`);
  }
  return value;
}

function nameOfProcess(): string {
  if (isCloudRunJob()) {
    throw new UsageError('A Cloud Run job runs as the service, whoever executes it: say who you are with --by NAME.');
  }
  try {
    return userInfo().username;
  } catch {
    throw new UsageError('Who you are is not known to the system: say it with --by NAME.');
  }
}

/** Who makes a change, and why, for the audit log. */
export function authorOf({ by, reason }: { readonly by?: string | undefined; readonly reason?: string | undefined }): {
  readonly by: Actor;
  readonly reason: string | undefined;
} {
  return {
    by: { kind: 'operator', id: textOf('by', by ?? nameOfProcess(), 128) },
    reason: reason === undefined ? undefined : textOf('reason', reason, 1_000),
  };
}

/** Returns how many rows a list shows: 100 if `--limit` is left out. */
export function limitOf({ limit = '100' }: { readonly limit?: string | undefined }): number {
  if (!/^[1-9]\d{0,5}$/.test(limit)) throw new UsageError('--limit must be an integer from 1 to 999999.');
  return Number(limit);
}

/** The user that a command is about. */
export function userOf({ user }: { readonly user?: string | undefined }): string {
  if (!user) throw new UsageError('--user ID is needed.');
  return user;
}
