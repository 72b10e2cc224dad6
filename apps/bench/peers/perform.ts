import { inFlight } from '../harness/load.ts';

/**
 * Performs tasks each time the parent process sends a number of tasks. Works in a closed loop with
 * as many concurrent tasks as the load generator has requests. Replies with the tasks per second.
 */
export function performWhenTold(task: (index: number) => Promise<unknown>): void {
  let begun = 0;
  process.on('message', async (amount: number) => {
    const end = begun + amount;
    const loop = async () => {
      while (begun < end) await task(begun++);
    };
    const from = performance.now();
    await Promise.all(Array.from({ length: inFlight }, loop));
    process.send?.(amount / ((performance.now() - from) / 1000));
  });
  process.send?.('ready');
}
