import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `end` once at SIGTERM or SIGINT, then exits 0: when it is done, and at the latest after the given milliseconds.
 */
export function onTermination(end: () => Promise<void>, milliseconds: number): void {
  let ending = false;
  const begin = async () => {
    if (ending) return;
    ending = true;
    await Promise.race([end(), delay(milliseconds)]);
    process.exit(0);
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}
