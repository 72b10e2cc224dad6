import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Comparison } from '../harness/comparison.ts';
import { closedLoop } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';

const mebibyte = 2 ** 20;
const reporter = fileURLToPath(new URL('../peers/report-memory.ts', import.meta.url));

/**
 * What is in use after a collection. Not the resident size: that reaches its plateau within 30,000 requests, when V8 has sized
 * its young generation for the load, and says nothing about what the keys leave behind.
 */
async function memoryInUse(child: ChildProcess): Promise<number> {
  child.send('memory');
  const [{ heapUsed, external }] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return (heapUsed + external) / mebibyte;
}

export const memory: Comparison = {
  name: 'memory',
  ours: 'heap and external memory in use after 100,000 issued keys, garbage collected',
  other: 'the same process after 1,000',
  unit: 'MiB',
  goal: { atMost: 1.1 },
  rounds: 5,
  warmUps: 0,

  async begin(bench) {
    return {
      async round() {
        const requests = issueRequests(1_000);
        const service = await startProgram(serviceOnSqlite(bench), bench.folder, ['--expose-gc', '--import', reporter]);
        const issue = (amount: number) => closedLoop(service.url, issuePath, requests(amount));
        await issue(1_000);
        const other = await memoryInUse(service.process);
        for (let tenth = 0; tenth < 10; tenth++) await issue(bench.amount(9_900));
        const ours = await memoryInUse(service.process);
        await service.stop();
        return { ours, other };
      },
    };
  },
};
