/** Minimum time, in milliseconds, between two warnings. */
const warningInterval = 60_000;

/**
 * Creates the default value of the guard's option `onError`. It emits a process warning with the
 * error's message, at most once a minute. Each warning states how many errors were omitted since
 * the previous warning.
 */
export function createWarner(now = () => performance.now()): (error: Error) => void {
  let nextAt = Number.NEGATIVE_INFINITY;
  let omitted = 0;
  return ({ message }) => {
    if (now() < nextAt) {
      omitted++;
      return;
    }
    const omission = omitted === 0 ? '' : ` Errors omitted since the last warning: ${omitted}.`;
    process.emitWarning(`${message}${omission}`, {
      type: 'ApiKeyGuardWarning',
      detail: 'Set the onError option to handle each error.',
    });
    nextAt = now() + warningInterval;
    omitted = 0;
  };
}
