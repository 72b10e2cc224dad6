import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const mebibyte = 2 ** 20;

/**
 * Path of the module that reports memory. A measured process must be started with `--expose-gc`,
 * and with `--import` and this path.
 */
export const reporter = fileURLToPath(new URL('../peers/report-memory.ts', import.meta.url));

/**
 * Returns the heap and external memory in MiB that are in use after a garbage collection.
 *
 * The resident set size would not show the memory that keys occupy. It reaches a plateau within
 * 30,000 requests, when V8 has sized its young generation for the load.
 */
export async function memoryInUse(child: ChildProcess): Promise<number> {
  child.send('memory');
  const [{ heapUsed, external }] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return (heapUsed + external) / mebibyte;
}
