import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is true. Tests wait for conditions, never for time to pass. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`Waited ${seconds} s in vain for: ${what}`);
    await delay(20);
  }
}
