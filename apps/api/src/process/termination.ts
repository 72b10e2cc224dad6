import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `shutDown` once on SIGTERM or SIGINT, then exits with code 0.
 *
 * @param milliseconds the process exits after this time even if `shutDown` has not resolved
 */
export function onTermination(shutDown: () => Promise<void>, milliseconds: number): void {
  let shuttingDown = false;
  const begin = async () => {
    if (shuttingDown) return;
    shuttingDown = true;
    await Promise.race([shutDown(), delay(milliseconds)]);
    process.exit(0);
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}
