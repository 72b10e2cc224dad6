import { inFlight } from '../harness/load.ts';

/**
 * For each number that the parent process sends, performs that many tasks and replies with the
 * tasks per second. Works in a closed loop, with {@link inFlight} concurrent tasks: as many as the
 * load generator sends concurrent requests.
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
