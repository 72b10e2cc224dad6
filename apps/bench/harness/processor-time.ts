import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Measurement } from './comparison.ts';

/**
 * Returns the processor time that all threads of a process have used so far, in microseconds.
 * Returns NaN if the system is not Linux.
 *
 * Reads the statistics of Linux's scheduler, whose first field is in nanoseconds
 * (https://docs.kernel.org/scheduler/sched-stats.html). Unlike `process.cpuUsage()`, they can be
 * read from outside the process.
 */
export function processorTimeOf(pid: number | undefined): number {
  if (!existsSync('/proc/self/schedstat')) return Number.NaN;
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads)
    .map((thread) => Number.parseInt(readFileSync(`${threads}/${thread}/schedstat`, 'utf8'), 10))
    .reduce((sum, nanoseconds) => sum + nanoseconds / 1000, 0);
}

/**
 * Measures a rate together with the processor time that the process needs for each request.
 *
 * @param work sends the given number of requests to the process, and resolves to the rate.
 */
export async function measureRate(
  pid: number | undefined,
  requests: number,
  work: () => Promise<number>,
): Promise<Measurement> {
  const before = processorTimeOf(pid);
  const value = await work();
  return { value, processorTime: (processorTimeOf(pid) - before) / requests };
}
