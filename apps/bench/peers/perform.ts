import { inFlight } from '../harness/load.ts';

/** Has tasks done in a closed loop, as many at a time as the load generator sends, whenever the parent process says how many. */
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
