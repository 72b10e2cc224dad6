import { inFlight } from '../harness/load.ts';

/**
 * Performs tasks in a closed loop whenever the parent process sends a number of them, with as many
 * in flight as the load generator has, and answers with the tasks per second.
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
