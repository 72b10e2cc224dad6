import { fileURLToPath } from 'node:url';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';
import { issueKeys, serviceOnSqlite, verifyPath, verifyRequests } from '../harness/service.ts';

const peer = fileURLToPath(new URL('../peers/better-auth.ts', import.meta.url));

export const verifyVersusBetterAuth: Comparison = {
  name: 'verify-versus-better-auth',
  ours: 'a cached key verified over HTTP',
  other: "better-auth's verification of a key behind node:http, node:sqlite in memory",
  unit: 'requests/s',
  goal: { atLeast: 2 },
  rounds: 7,
  warmUps: 2,

  async begin(bench) {
    const service = await startProgram(serviceOnSqlite(bench), bench.folder);
    const betterAuth = await startProgram({ main: peer }, bench.folder);
    const requests = verifyRequests(await issueKeys(service.url, 1_000), bench.amount(30_000));
    const keys = (await (await fetch(`${betterAuth.url}/keys`)).json()) as string[];
    const verifications = verifyRequests(keys, bench.amount(4_000));
    return {
      round: alternating(
        () => underLoad(service, verifyPath, requests),
        () => underLoad(betterAuth, '/verify', verifications),
      ),
      async end() {
        await service.stop();
        await betterAuth.stop();
      },
    };
  },
};
