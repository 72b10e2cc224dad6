import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until a condition is true. Tests wait for conditions instead of a fixed time.
 *
 * The interval between two polls is a tenth of the time waited so far, and at least 20 ms. A wait of
 * 30 s therefore has about 60 polls. With a fixed interval, a wait on a busy machine would reach the
 * rate limits of a condition that sends requests, and the condition could never become true.
 *
 * @param what a description of the condition for the error message, such as "the service to listen"
 * @throws if the condition is still false, or its promise is still pending, after `seconds`
 */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 30,
): Promise<void> {
  const limit = AbortSignal.timeout(seconds * 1000);
  const timedOut = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () =>
      reject(new Error(`Timed out after ${seconds} s waiting for ${what}.`)),
    );
  });
  timedOut.catch(() => undefined); // Otherwise, the rejection of a completed wait would be unhandled.
  const startedAt = performance.now();
  // The race also ends a condition that hangs, such as a request without a response.
  while (!(await Promise.race([condition(), timedOut]))) {
    const interval = Math.max(20, (performance.now() - startedAt) / 10);
    await Promise.race([delay(interval), timedOut]);
  }
}
