import type { Comparison } from '../harness/comparison.ts';
import { closedLoop } from '../harness/load.ts';
import { memoryRound } from '../harness/memory.ts';
import type { Running } from '../harness/program.ts';
import { issuePath, issueRequests } from '../harness/service.ts';

export const memory: Comparison = {
  name: 'memory',
  ours: 'heap and external memory after 100,000 issued keys and a garbage collection',
  other: 'the same process after 1,000',
  unit: 'MiB',
  goal: { atMost: 1.1 },
  rounds: 5,
  warmUps: 0,

  async begin(bench) {
    const requests = issueRequests(1_000);
    const issue = ({ url }: Running, amount: number) =>
      closedLoop(url, issuePath, requests(amount));
    return memoryRound(
      bench,
      (service) => issue(service, 1_000),
      async (service) => {
        for (let tenth = 0; tenth < 10; tenth++) await issue(service, bench.amount(9_900));
      },
    );
  },
};
