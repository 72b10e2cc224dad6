import { Pool } from 'undici';
import type { Request } from './load.ts';

/** The destination of the requests and the expected status. */
export interface Target {
  readonly origin: string;
  readonly path: string;
  /** The expected status. If a response has any other status, the measurement fails. */
  readonly status: number;
}

/**
 * Sends the requests one after another and measures their latencies.
 *
 * @returns latencies in milliseconds, in the order of the requests.
 */
export async function latencies(
  { origin, path, status }: Target,
  requests: Iterable<Request>,
): Promise<number[]> {
  const pool = new Pool(origin, { connections: 1, pipelining: 1 });
  const measured: number[] = [];
  for (const request of requests) {
    const begun = performance.now();
    const { statusCode, body } = await pool.request({ path, method: 'POST', ...request });
    await body.dump();
    measured.push(performance.now() - begun);
    if (statusCode !== status) throw new Error(`${path} answered ${statusCode}.`);
  }
  await pool.close();
  return measured;
}

/** Returns a percentile of the values. `part` is a fraction from 0 to 1. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
}
