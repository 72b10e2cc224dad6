import { ApiError } from '@andamio/client';

const minutes = (seconds = 60) => {
  const count = Math.ceil(seconds / 60);
  return count === 1 ? '1 minute' : `${count} minutes`;
};

/** Returns what the user can do about a failed request. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong. Try again.';
  switch (error.code) {
    case 'unknown_user_code':
      return 'No login with this code waits for you. Compare the code with your terminal. If it is older than 10 minutes, start again in your terminal.';
    case 'invalid_field':
    case 'missing_field':
      return 'Enter the 8 letters that your terminal shows, such as WDJB-MJHT.';
    case 'too_many_wrong_codes':
      return `Too many wrong codes. Try again in ${minutes(error.retryAfter)}.`;
    case 'rate_limited':
      return `Too many requests. Try again in ${minutes(error.retryAfter)}.`;
    case 'name_taken':
      return 'You already have a key with this name. Delete it first, or deny and start again with another name.';
    case 'key_limit_reached':
      return 'You have as many active keys as your tier allows. Delete one first, or deny.';
    case 'suspended':
      return 'Your keys are suspended. Contact the operator of the platform.';
    case 'insufficient_scope':
    case 'unknown_tier':
      return 'Your token does not allow creating keys.';
    case 'network':
    case 'timeout':
      return 'The service could not be reached. Try again.';
    default:
      return `The service reported an error. Try again. Request id: ${error.requestId ?? 'unknown'}.`;
  }
}

/** Returns how long ago a time is, in seconds or minutes. A time in the future counts as now. */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  const [count, unit] = seconds < 120 ? [seconds, 'second'] : [Math.floor(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}
