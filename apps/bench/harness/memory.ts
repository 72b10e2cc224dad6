import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const mebibyte = 2 ** 20;

/** The module that a measured process must load with `--import`. It also needs `--expose-gc`. */
export const reporter = fileURLToPath(new URL('../peers/report-memory.ts', import.meta.url));

/**
 * Returns the heap and external memory in use after a garbage collection, in MiB.
 *
 * The resident size would not show what the keys leave behind. It reaches a plateau within 30,000
 * requests, when V8 has sized its young generation for the load.
 */
export async function memoryInUse(child: ChildProcess): Promise<number> {
  child.send('memory');
  const [{ heapUsed, external }] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return (heapUsed + external) / mebibyte;
}
