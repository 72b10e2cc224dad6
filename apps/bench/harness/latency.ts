import { Pool } from 'undici';
import { type Request, sendSuccessfully } from './load.ts';

/**
 * Sends the requests one after another and measures their latencies.
 *
 * @returns latencies in milliseconds, in the order of the requests.
 * @throws if a response has any status other than 200.
 */
export async function latencies(
  origin: string,
  path: string,
  requests: Iterable<Request>,
): Promise<number[]> {
  const pool = new Pool(origin, { connections: 1, pipelining: 1 });
  const measured: number[] = [];
  for (const request of requests) {
    const begun = performance.now();
    await sendSuccessfully(pool, path, request);
    measured.push(performance.now() - begun);
  }
  await pool.close();
  return measured;
}

/** Returns a percentile of the values. `part` is a fraction from 0 to 1. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
}
