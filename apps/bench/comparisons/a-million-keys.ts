import { alternating, type Comparison } from '../harness/comparison.ts';
import { type FilledService, startFilled } from '../harness/filled-store.ts';
import { latencies, percentile } from '../harness/latency.ts';
import { issuePath, issueRequests, verifyPath, verifyRequests } from '../harness/service.ts';

/**
 * Requests per round. Each uses a different key, so that no request is answered from the cache,
 * which keeps entries for one second.
 */
const requestsPerRound = 1_000;

type Measure = (service: FilledService, amount: number) => Promise<number[]>;

function comparison(name: string, ours: string, measure: () => Measure): Comparison {
  return {
    name,
    ours: `${ours}, embedded store with 1,000,000 keys: median latency`,
    other: 'the same, with 1,000 keys',
    unit: 'µs',
    goal: { atMost: 1.1 },
    rounds: 9,
    warmUps: 2,

    async begin(bench, processes) {
      const amount = bench.amount(requestsPerRound);
      const full = await startFilled(bench, processes, bench.amount(1_000_000), amount);
      const empty = await startFilled(bench, processes, amount, amount);
      const median = (service: FilledService, send: Measure) => async () => ({
        value: 1000 * percentile(await send(service, amount), 0.5),
      });
      return alternating(median(full, measure()), median(empty, measure()));
    },
  };
}

export const issueAmongAMillion = comparison(
  'issue-among-a-million',
  'a key issued over HTTP',
  () => {
    const requests = issueRequests(5_000, 'newcomer');
    return ({ url }, amount) => latencies(url, issuePath, requests(amount));
  },
);

export const verifyAmongAMillion = comparison(
  'verify-among-a-million',
  'a key verified over HTTP by a lookup',
  () =>
    ({ url, keys }, amount) =>
      latencies(url, verifyPath, verifyRequests(keys, amount)),
);
