import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Histogram } from 'node:perf_hooks';
import { peerFile } from './peer-file.ts';

/** Percentiles in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Measurements from inside the service process. Times are in milliseconds. */
export interface LatencyReport {
  /**
   * The time from when a request's headers were parsed until its response was passed to the
   * operating system.
   */
  readonly handled: Percentiles;
  /**
   * The intervals between the ticks of a one-millisecond timer. They become longer while the event
   * loop is busy.
   */
  readonly loopDelay: Percentiles;
  /** The garbage collections during the measurement. */
  readonly collections: {
    readonly count: number;
    readonly total: number;
    readonly longest: number;
  };
}

/** Returns the percentiles, in milliseconds, of a histogram in nanoseconds. */
export function percentilesOf(histogram: Histogram): Percentiles {
  const at = (percentile: number) => histogram.percentile(percentile) / 1e6;
  return { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.max / 1e6 };
}

/** The options of Node.js for a process whose latencies are measured by {@link measuredInside}. */
export const latencyReporter = ['--import', peerFile('report-latency')];

/**
 * Performs a task. Returns its result, and the measurements that the service process made during
 * the task.
 */
export async function measuredInside<Result>(
  child: ChildProcess,
  task: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly report: LatencyReport }> {
  const answer = async (message: string) => {
    const answered = once(child, 'message');
    child.send(message);
    return (await answered)[0] as unknown;
  };
  await answer('begin');
  const result = await task();
  return { result, report: (await answer('end')) as LatencyReport };
}
