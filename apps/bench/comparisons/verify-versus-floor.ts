import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { bundledPeer } from '../harness/peers.ts';
import { issueKeys, serviceOnSqlite, verifyPath, verifyRequests } from '../harness/service.ts';

export const verifyVersusFloor: Comparison = {
  name: 'verify-versus-floor',
  ours: 'a cached key verified over HTTP',
  other: 'node:http that looks the key up in a Map and answers the same JSON',
  unit: 'requests/s',
  goal: { atLeast: 0.8 },
  starts: 3,
  rounds: 15,
  warmUps: 15,

  async begin(bench, { start }) {
    const amount = bench.amount(4_000);
    const service = await start(serviceOnSqlite(bench));
    const floor = await start(await bundledPeer('verify-floor', bench));
    // Many owners are needed because each is limited to 2,000 requests per minute.
    const requests = verifyRequests(await issueKeys(service.url, 1_000), amount);
    return alternating(
      () => underLoad(service, verifyPath, requests),
      () => underLoad(floor, verifyPath, requests),
    );
  },
};
