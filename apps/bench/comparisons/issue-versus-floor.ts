import { bundlePeer } from '../harness/bundle.ts';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';

export const issueVersusFloor: Comparison = {
  name: 'issue-versus-floor',
  ours: 'a key issued over HTTP, embedded store on disk',
  other: 'node:http with only a JWT check, an HMAC and the same rows in a group commit',
  unit: 'requests/s',
  goal: { atLeast: 0.7 },
  rounds: 7,
  warmUps: 2,

  async begin(bench) {
    const requests = issueRequests(5_000);
    const others = issueRequests(5_000);
    const amount = bench.amount(20_000);
    const ours = serviceOnSqlite(bench);
    const service = await startProgram(ours, bench.folder);
    const main = await bundlePeer('issue-floor', bench.folder);
    const floor = await startProgram({ main, environment: ours.environment ?? {} }, bench.folder);
    return {
      round: alternating(
        () => underLoad(service, issuePath, requests(amount)),
        () => underLoad(floor, issuePath, others(amount)),
      ),
      async end() {
        await service.stop();
        await floor.stop();
      },
    };
  },
};
