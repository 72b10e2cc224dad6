import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { peerFile } from '../harness/peer-file.ts';
import { issueKeys, serviceOnSqlite, verifyPath, verifyRequests } from '../harness/service.ts';

export const verifyVersusBetterAuth: Comparison = {
  name: 'verify-versus-better-auth',
  ours: 'a cached key verified over HTTP',
  other: "better-auth's verification of a key behind node:http, node:sqlite in memory",
  unit: 'requests/s',
  goal: { atLeast: 2 },
  rounds: 7,
  warmUps: 2,

  async begin(bench, { start }) {
    const service = await start(serviceOnSqlite(bench));
    const betterAuth = await start({ main: peerFile('better-auth') });
    const requests = verifyRequests(await issueKeys(service.url, 1_000), bench.amount(30_000));
    const keys = (await (await fetch(`${betterAuth.url}/keys`)).json()) as string[];
    const verifications = verifyRequests(keys, bench.amount(4_000));
    return alternating(
      () => underLoad(service, verifyPath, requests),
      () => underLoad(betterAuth, '/verify', verifications),
    );
  },
};
