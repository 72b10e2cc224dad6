import { logEvents } from '@andamio/schema/log-events';
import type { TestProcess } from '@andamio/testing/service-process';

const maximumRuns = 5;

/**
 * Runs the body of a test. If it fails after a process has found Redis unavailable, runs it again.
 * A process that waits longer than 300 ms for Redis counts alone, which happens on a busy machine,
 * and what these tests promise holds only while Redis responds.
 *
 * @param run starts its own processes, and adds them to the list that it receives.
 */
export async function whileRedisResponds(
  run: (processes: TestProcess[]) => Promise<void>,
): Promise<void> {
  for (let runs = 1; ; runs++) {
    const processes: TestProcess[] = [];
    try {
      return await run(processes);
    } catch (error) {
      const hasResponded = processes.every(
        ({ logged }) => logged(logEvents.redisUnavailable) === undefined,
      );
      if (hasResponded || runs === maximumRuns) throw error;
    } finally {
      for (const { signal } of processes) signal('SIGKILL');
    }
  }
}
