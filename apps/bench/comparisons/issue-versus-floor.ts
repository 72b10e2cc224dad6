import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { bundledPeer } from '../harness/peers.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';

export const issueVersusFloor: Comparison = {
  name: 'issue-versus-floor',
  ours: 'a key issued over HTTP, embedded store on disk',
  other: 'node:http with only a JWT check, an HMAC and the same rows in a group commit',
  unit: 'requests/s',
  goal: { atLeast: 0.7 },
  rounds: 7,
  warmUps: 2,

  async begin(bench, { start }) {
    const requests = issueRequests(5_000);
    const others = issueRequests(5_000);
    const amount = bench.amount(20_000);
    const ours = serviceOnSqlite(bench);
    const service = await start(ours);
    const floor = await start({ ...ours, ...(await bundledPeer('issue-floor', bench)) });
    return alternating(
      () => underLoad(service, issuePath, requests(amount)),
      () => underLoad(floor, issuePath, others(amount)),
    );
  },
};
