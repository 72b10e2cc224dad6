import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until a condition is true. Tests wait for conditions instead of a fixed time.
 *
 * @param what a description of the condition for the error message, such as "the service to listen"
 * @throws if the condition is still false after `seconds`
 */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 30,
): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`Timed out after ${seconds} s waiting for ${what}.`);
    await delay(20);
  }
}
