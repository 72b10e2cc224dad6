import { makeKey } from '@andamio/schema/key-format';
import { alternating, type Comparison, type Measurement } from '../harness/comparison.ts';
import { latencies, percentile } from '../harness/latency.ts';
import { inFlight, type Request, untilStopped } from '../harness/load.ts';
import { memoryRound } from '../harness/memory.ts';
import type { Running } from '../harness/program.ts';
import { issueKeys, serviceOnSqlite, verifyPath, verifyRequests } from '../harness/service.ts';

const requestsPerRound = 2_000;

function* unknownKeys(): Generator<Request> {
  for (;;) yield { headers: { 'x-api-key': makeKey() } };
}

function* inTurns(requests: readonly Request[]): Generator<Request> {
  for (;;) yield* requests;
}

export const goodKeyAmongUnknown: Comparison = {
  name: 'good-key-among-unknown',
  ours: 'a good key verified while 31 connections send unknown keys: 99th percentile of the latency',
  other: 'the same, while they send good keys',
  unit: 'µs',
  goal: { atMost: 2 },
  rounds: 7,
  warmUps: 2,

  async begin(bench, { start }) {
    const service = await start(serviceOnSqlite(bench));
    // Many owners are needed because each is limited to 2,000 requests per minute.
    const keys = await issueKeys(service.url, 1_000);
    const [good, others] = [keys.slice(0, 100), keys.slice(100)];
    const amount = bench.amount(requestsPerRound);
    async function measureAmid(requests: Iterable<Request>): Promise<Measurement> {
      const load = untilStopped(service.url, verifyPath, requests, inFlight - 1);
      const measured = await latencies(service.url, verifyPath, verifyRequests(good, amount));
      await load.stop();
      return { value: 1000 * percentile(measured, 0.99) };
    }
    return alternating(
      () => measureAmid(unknownKeys()),
      () => measureAmid(inTurns(verifyRequests(others, others.length))),
    );
  },
};

export const memoryAfterUnknown: Comparison = {
  name: 'memory-after-unknown',
  ours: 'heap and external memory after 1,000,000 distinct unknown keys and a garbage collection',
  other: 'the same process after 10,000',
  unit: 'MiB',
  goal: { atMost: 1.1 },
  rounds: 1,
  warmUps: 0,

  async begin(bench) {
    async function send({ url }: Running, amount: number): Promise<void> {
      const load = untilStopped(url, verifyPath, unknownKeys(), inFlight);
      await load.answered(amount);
      await load.stop();
    }
    return memoryRound(
      bench,
      (service) => send(service, 10_000),
      (service) => send(service, bench.amount(990_000)),
    );
  },
};
