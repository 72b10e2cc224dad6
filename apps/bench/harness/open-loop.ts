import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { type Percentiles, percentilesOf } from './latency-report.ts';
import { type Request, sendSuccessfully } from './load.ts';

/**
 * Maximum number of connections. Requests wait for a free connection, and the wait is part of their
 * latency.
 */
const connections = 256;

/**
 * Measurements of an open-loop load test (see {@link openLoop}), taken by the process that sends
 * the requests.
 */
export interface OpenLoopResult {
  /** The time from when a request was due until its whole response arrived. */
  readonly latency: Percentiles;
  /**
   * The time from when a request was due until it was sent. If this is large, the sender was too
   * slow for the rate, and the latencies say little about the service.
   */
  readonly lateness: Percentiles;
}

/**
 * Sends requests at a constant rate, whether or not earlier requests have been answered, as
 * independent clients do.
 *
 * A closed loop sends nothing while it waits, so a pause of the service delays only the requests in
 * flight ("coordinated omission"). In this open loop, a pause delays every request that becomes due
 * during the pause.
 *
 * @param rate requests per second
 * @throws if a response has any status other than 200
 */
export async function openLoop(
  origin: string,
  path: string,
  requests: readonly Request[],
  rate: number,
  seconds: number,
): Promise<OpenLoopResult> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const latency = createHistogram();
  const lateness = createHistogram();
  const nanoseconds = (from: number) =>
    Math.max(1, Math.round((performance.now() - from) * 1_000_000));

  async function sendDue(request: Request, dueAt: number): Promise<void> {
    lateness.record(nanoseconds(dueAt));
    await sendSuccessfully(pool, path, request);
    latency.record(nanoseconds(dueAt));
  }

  const amount = Math.round(rate * seconds);
  const begun = performance.now();
  const dueAt = (index: number) => begun + (index / rate) * 1000;
  const pending = new Set<Promise<void>>();
  let failure: unknown;
  for (let next = 0; next < amount && failure === undefined; ) {
    for (; next < amount && dueAt(next) <= performance.now(); next++) {
      const sent = sendDue(requests[next % requests.length] as Request, dueAt(next))
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => pending.delete(sent));
      pending.add(sent);
    }
    await delay(1);
  }
  await Promise.all(pending);
  await pool.close();
  if (failure !== undefined) throw failure;
  return { latency: percentilesOf(latency), lateness: percentilesOf(lateness) };
}
