import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until a condition is true. Tests wait for conditions instead of a fixed time.
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
  // The race also ends a condition that hangs, such as a request without a response.
  while (!(await Promise.race([condition(), timedOut]))) await Promise.race([delay(20), timedOut]);
}
