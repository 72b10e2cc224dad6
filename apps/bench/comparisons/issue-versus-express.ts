import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { bundledPeer } from '../harness/peers.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';

export const issueVersusExpress: Comparison = {
  name: 'issue-versus-express',
  ours: 'a key issued over HTTP, embedded store on disk',
  other:
    'Express 5 that parses the same body and answers six constant fields, bundled like the service',
  unit: 'requests/s',
  goal: { atLeast: 0.5 },
  rounds: 7,
  warmUps: 2,

  async begin(bench, { start }) {
    const requests = issueRequests(5_000);
    const amount = bench.amount(20_000);
    const service = await start(serviceOnSqlite(bench));
    const express = await start(await bundledPeer('express', bench));
    return alternating(
      () => underLoad(service, issuePath, requests(amount)),
      () => underLoad(express, issuePath, requests(amount)),
    );
  },
};
