import { bundlePeer } from '../harness/bundle.ts';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';
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

  async begin(bench) {
    const amount = bench.amount(4_000);
    const service = await startProgram(serviceOnSqlite(bench), bench.folder);
    const express = await startProgram(
      { main: await bundlePeer('express-verify', bench.folder) },
      bench.folder,
    );
    // Many owners are needed because each is limited to 2,000 requests per minute.
    const requests = verifyRequests(await issueKeys(service.url, 1_000), amount);
    return {
      round: alternating(
        () => underLoad(service, verifyPath, requests),
        () => underLoad(express, verifyPath, requests),
      ),
      async end() {
        await service.stop();
        await express.stop();
      },
    };
  },
};
