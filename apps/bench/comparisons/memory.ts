import type { Comparison } from '../harness/comparison.ts';
import { closedLoop } from '../harness/load.ts';
import { memoryInUse, reporter } from '../harness/memory.ts';
import { startProgram } from '../harness/program.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';

export const memory: Comparison = {
  name: 'memory',
  ours: 'heap and external memory after 100,000 issued keys and a garbage collection',
  other: 'the same process after 1,000',
  unit: 'MiB',
  goal: { atMost: 1.1 },
  rounds: 5,
  warmUps: 0,

  async begin(bench) {
    return {
      async round() {
        const requests = issueRequests(1_000);
        const service = await startProgram(serviceOnSqlite(bench), bench.folder, [
          '--expose-gc',
          '--import',
          reporter,
        ]);
        const issue = (amount: number) => closedLoop(service.url, issuePath, requests(amount));
        await issue(1_000);
        const other = { value: await memoryInUse(service.process) };
        for (let tenth = 0; tenth < 10; tenth++) await issue(bench.amount(9_900));
        const ours = { value: await memoryInUse(service.process) };
        await service.stop();
        return { ours, other };
      },
    };
  },
};
