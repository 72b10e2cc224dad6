import { ApiError } from '@andamio/client';
import { texts } from './texts.ts';

const { failures } = texts;

/** Returns what the user can do about a failed request. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return failures.unexpected;
  switch (error.code) {
    case 'unknown_user_code':
    case 'name_taken':
    case 'key_limit_reached':
    case 'suspended':
      return failures[error.code];
    case 'invalid_field':
    case 'missing_field':
      return failures.invalid_field;
    case 'too_many_wrong_codes':
    case 'rate_limited':
      return failures[error.code](error.retryAfter);
    case 'insufficient_scope':
    case 'unknown_tier':
      return failures.forbidden;
    case 'network':
    case 'timeout':
      return failures.unreachable;
    default:
      return failures.other(error.requestId);
  }
}

/** Returns how long ago a time is, in seconds or minutes. A time in the future counts as now. */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  return seconds < 120
    ? texts.ago(seconds, 'second')
    : texts.ago(Math.floor(seconds / 60), 'minute');
}
