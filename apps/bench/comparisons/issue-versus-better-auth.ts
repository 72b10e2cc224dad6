import { alternating, type Comparison } from '../harness/comparison.ts';
import { closedLoop } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';
import { startWorker } from '../harness/worker.ts';

export const issueVersusBetterAuth: Comparison = {
  name: 'issue-versus-better-auth',
  ours: 'a key issued over HTTP, embedded store on disk',
  other: "better-auth's createApiKey called in process, node:sqlite in memory",
  unit: 'requests/s',
  goal: { atLeast: 4 },
  rounds: 7,
  warmUps: 2,

  async begin(bench) {
    const requests = issueRequests(5_000);
    const service = await startProgram(serviceOnSqlite(bench), bench.folder);
    const betterAuth = await startWorker('better-auth');
    return {
      round: alternating(
        () => closedLoop(service.url, issuePath, requests(bench.amount(20_000))),
        () => betterAuth.perform(bench.amount(4_000)),
      ),
      async end() {
        await service.stop();
        await betterAuth.stop();
      },
    };
  },
};
