import { makeKey } from '@andamio/schema/key-format';
import { alternating, type Comparison, type Measurement } from '../harness/comparison.ts';
import { latencies, percentile } from '../harness/latency.ts';
import { inFlight, type Request, untilStopped } from '../harness/load.ts';
import { memoryInUse, reporter } from '../harness/memory.ts';
import { startProgram } from '../harness/program.ts';
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

  async begin(bench) {
    const service = await startProgram(serviceOnSqlite(bench), bench.folder);
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
    return {
      round: alternating(
        () => measureAmid(unknownKeys()),
        () => measureAmid(inTurns(verifyRequests(others, others.length))),
      ),
      end: () => service.stop(),
    };
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
    return {
      async round() {
        const service = await startProgram(serviceOnSqlite(bench), bench.folder, [
          '--expose-gc',
          '--import',
          reporter,
        ]);
        const send = async (amount: number) => {
          const load = untilStopped(service.url, verifyPath, unknownKeys(), inFlight);
          await load.answered(amount);
          await load.stop();
        };
        await send(10_000);
        const other = { value: await memoryInUse(service.process) };
        await send(bench.amount(990_000));
        const ours = { value: await memoryInUse(service.process) };
        await service.stop();
        return { ours, other };
      },
    };
  },
};
