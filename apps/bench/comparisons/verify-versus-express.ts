import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { bundledPeer } from '../harness/peers.ts';
import { issueKeys, serviceOnSqlite, verifyPath, verifyRequests } from '../harness/service.ts';

export const verifyVersusExpress: Comparison = {
  name: 'verify-versus-express',
  ours: 'a cached key verified over HTTP',
  other: 'Express 5 that answers the same JSON as constants, bundled like the service',
  unit: 'requests/s',
  goal: { atLeast: 1 },
  starts: 3,
  rounds: 15,
  warmUps: 15,

  async begin(bench, { start }) {
    const amount = bench.amount(4_000);
    const service = await start(serviceOnSqlite(bench));
    const express = await start(await bundledPeer('express-verify', bench));
    // Many owners are needed because each is limited to 2,000 requests per minute.
    const requests = verifyRequests(await issueKeys(service.url, 1_000), amount);
    return alternating(
      () => underLoad(service, verifyPath, requests),
      () => underLoad(express, verifyPath, requests),
    );
  },
};
