/** The reason of a signal that time ended. A symbol, so that no reason of a caller can be mistaken for it. */
const timeIsUp = Symbol('time is up');

/** Says why a signal aborted: `undefined` if it did not. */
export function endingOf(signal: AbortSignal): 'timeout' | 'aborted' | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason === timeIsUp ? 'timeout' : 'aborted';
}

/**
 * Runs `work` under a signal that aborts after `ms` milliseconds, or when `outer` does and for the same reason.
 *
 * By hand and not by `AbortSignal.any`, which Node 20.0 and browsers of 2023 lack.
 */
export async function withDeadline<Result>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const passOn = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(timeIsUp), ms);
  if (outer?.aborted) passOn();
  else outer?.addEventListener('abort', passOn);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', passOn);
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

/** Waits for what knows nothing of signals, and rejects with the signal's reason as soon as it aborts. */
export function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
