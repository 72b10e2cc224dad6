import { tokenFor } from '@andamio/testing/tokens';
import type { Bench } from './bench.ts';
import { type LatencyReport, latencyReporter, measuredInside } from './latency-report.ts';
import { closedLoop, untilStopped } from './load.ts';
import { type OpenLoopResult, openLoop } from './open-loop.ts';
import { withProcesses } from './processes.ts';
import {
  issueKeys,
  issuePath,
  issueRequest,
  serviceOnSqlite,
  verifyPath,
  verifyRequests,
} from './service.ts';

/** The name of this measurement, for `--only`. */
export const tailName = 'verify-tail';

/** The arrival rate, in requests per second, to which the goal applies. */
const goalRate = 5_000;
/**
 * The goal for the 99th percentile of the time that a request spends in the service, in
 * milliseconds.
 */
const goal = 1;

/**
 * Number of keys. Each belongs to a different owner, because an owner is limited to 2,000 requests
 * a minute.
 */
const keysInUse = 2_000;

/** The latencies of `verify` at one constant rate. */
interface TailRow {
  readonly load: string;
  /** Requests per second. */
  readonly rate: number;
  readonly sender: OpenLoopResult;
  readonly service: LatencyReport;
}

/** All rows of a run, and whether the goal is met. */
export interface Tail {
  /**
   * The highest rate of a closed loop, in requests per second. Most rows measure latencies at a
   * fraction of this rate.
   */
  readonly maximum: number;
  readonly rows: readonly TailRow[];
  readonly met: boolean;
}

/** Yields an endless sequence of requests to issue a key. The owners take turns. */
function* issuing() {
  const tokens = Array.from({ length: 1_000 }, (_, index) => tokenFor(`issuer-${index}`));
  for (let issued = 0; ; issued++)
    yield issueRequest(tokens[issued % tokens.length] as string, `key ${issued}`);
}

/**
 * Measures the latencies of `verify` for known keys at constant arrival rates. The rates are the
 * goal's rate, half of the highest rate, and four fifths of the highest rate. The last two are
 * measured twice: alone, and while another client issues keys.
 */
export function measureTail(bench: Bench): Promise<Tail> {
  return withProcesses(bench, async ({ start }) => {
    const service = await start(serviceOnSqlite(bench), latencyReporter);
    const keys = await issueKeys(service.url, keysInUse);
    const requests = verifyRequests(keys, keys.length);
    const rates: number[] = [];
    const manyRequests = verifyRequests(keys, bench.amount(60_000));
    for (let round = 0; round < 4; round++)
      rates.push(await closedLoop(service.url, verifyPath, manyRequests));
    const maximum = Math.max(...rates);
    const seconds = bench.amount(20);

    async function measureAt(load: string, rate: number): Promise<TailRow> {
      const { result, report } = await measuredInside(service.process, () =>
        openLoop(service.url, verifyPath, requests, rate, seconds),
      );
      process.stderr.write(`${tailName}: ${load}, ${Math.round(rate)} requests/s\n`);
      return { load, rate, sender: result, service: report };
    }

    const rows: TailRow[] = [await measureAt('the rate of the goal', goalRate)];
    for (const part of [0.5, 0.8])
      rows.push(await measureAt(`${part * 100} % of the maximum`, part * maximum));
    const load = untilStopped(service.url, issuePath, issuing(), 1);
    try {
      for (const part of [0.5, 0.8])
        rows.push(await measureAt(`${part * 100} %, and one client issues keys`, part * maximum));
    } finally {
      await load.stop();
    }
    return { maximum, rows, met: (rows[0] as TailRow).service.handled.p99 < goal };
  });
}

/** Returns the lines of a run's table, beginning with the header. Times are in milliseconds. */
export function tailRows({ rows }: Tail): string[][] {
  const ms = (value: number) => value.toFixed(2);
  const lines = rows.map(({ load, rate, sender: { latency, lateness }, service }) => [
    load,
    Math.round(rate).toLocaleString('en'),
    ...[latency.p50, latency.p99, latency.p999].map(ms),
    ms(lateness.p99),
    ...[service.handled.p50, service.handled.p99, service.handled.p999].map(ms),
    ms(service.loopDelay.p99),
    `${service.collections.count}, ${ms(service.collections.longest)}`,
  ]);
  const head = [
    'latency in ms',
    'requests/s',
    'p50',
    'p99',
    'p99.9',
    'sent late, p99',
    'in the service: p50',
    'p99',
    'p99.9',
    'loop interval, p99',
    'collections, longest',
  ];
  return [head, ...lines];
}

/** Returns one line about the goal and the highest rate. */
export function tailSummary({ maximum, met }: Tail): string {
  return (
    `${tailName}: latencies of verify in ms at constant arrival rates; a closed loop reaches ` +
    `${Math.round(maximum)} requests/s. Goal: a 99th percentile in the service below ${goal} ms ` +
    `at ${goalRate} requests/s, met: ${met ? 'yes' : 'NO'}.`
  );
}
