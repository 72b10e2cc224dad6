import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const mebibyte = 2 ** 20;

/** To be imported by a process whose memory is asked for, which needs `--expose-gc` as well. */
export const reporter = fileURLToPath(new URL('../peers/report-memory.ts', import.meta.url));

/**
 * What is in use after a collection, in MiB. Not the resident size: that reaches its plateau within 30,000 requests, when V8
 * has sized its young generation for the load, and says nothing about what the keys leave behind.
 */
export async function memoryInUse(child: ChildProcess): Promise<number> {
  child.send('memory');
  const [{ heapUsed, external }] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return (heapUsed + external) / mebibyte;
}
