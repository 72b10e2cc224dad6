import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Bench } from './bench.ts';
import type { Round } from './comparison.ts';
import { peerFile } from './peer-file.ts';
import { withProcesses } from './processes.ts';
import type { Running } from './program.ts';
import { serviceOnSqlite } from './service.ts';

const mebibyte = 2 ** 20;

/** The options of Node.js for a process whose memory is measured by {@link memoryInUse}. */
const memoryReporter = ['--expose-gc', '--import', peerFile('report-memory')];

/**
 * Returns the heap and external memory in MiB that are in use after a garbage collection.
 *
 * The resident set size would not show the memory that keys occupy. It reaches a plateau within
 * 30,000 requests, when V8 has sized its young generation for the load.
 */
async function memoryInUse(child: ChildProcess): Promise<number> {
  child.send('memory');
  const [{ heapUsed, external }] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return (heapUsed + external) / mebibyte;
}

/**
 * Creates a round that starts the service and compares its memory after many requests with its
 * memory after a few.
 */
export function memoryRound(
  bench: Bench,
  sendFew: (service: Running) => Promise<unknown>,
  sendMany: (service: Running) => Promise<unknown>,
): Round {
  return () =>
    withProcesses(bench, async ({ start }) => {
      const service = await start(serviceOnSqlite(bench), memoryReporter);
      await sendFew(service);
      const other = { value: await memoryInUse(service.process) };
      await sendMany(service);
      const ours = { value: await memoryInUse(service.process) };
      return { ours, other };
    });
}
