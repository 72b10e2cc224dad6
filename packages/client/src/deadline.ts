/** The abort reason of a timeout. A symbol cannot collide with a caller's abort reason. */
const timedOut = Symbol('timeout');

/**
 * Returns whether a signal was aborted by a timeout or by the caller, or `undefined` if it is not
 * aborted.
 */
export function abortCause(signal: AbortSignal): 'timeout' | 'aborted' | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason === timedOut ? 'timeout' : 'aborted';
}

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds, or when the signal `outer` aborts.
 * In the second case, both signals have the same abort reason.
 *
 * `AbortSignal.any` would be shorter, but Node.js 20.0 and browsers released before 2024 lack it.
 */
export async function withDeadline<Result>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const forwardAbort = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(timedOut), ms);
  if (outer?.aborted) forwardAbort();
  else outer?.addEventListener('abort', forwardAbort);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', forwardAbort);
  }
}

/** Resolves after `ms` milliseconds, or as soon as the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/**
 * Waits for work that cannot be aborted. If the signal aborts first, rejects with the signal's
 * abort reason.
 */
export function abortable<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
