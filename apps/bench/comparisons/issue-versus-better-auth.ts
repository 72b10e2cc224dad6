import { alternating, type Comparison } from '../harness/comparison.ts';
import { type Request, underLoad } from '../harness/load.ts';
import { peerFile } from '../harness/peer-file.ts';
import { issuePath, issueRequests, serviceOnSqlite } from '../harness/service.ts';

const createPath = '/api/auth/api-key/create';

/** Returns a function that creates requests to issue better-auth keys. The users take turns. */
async function createRequests(url: string): Promise<(amount: number) => Request[]> {
  const sessions = (await (await fetch(`${url}/sessions`)).json()) as string[];
  let created = 0;
  const request = (index: number) => ({
    headers: {
      authorization: `Bearer ${sessions[index % sessions.length]}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: `key ${index}`, expiresIn: 365 * 86_400 }),
  });
  return (amount) => Array.from({ length: amount }, () => request(created++));
}

export const issueVersusBetterAuth: Comparison = {
  name: 'issue-versus-better-auth',
  ours: 'a key issued over HTTP, embedded store on disk',
  other: 'a key created by better-auth over HTTP for a session, node:sqlite in memory',
  unit: 'requests/s',
  goal: { atLeast: 4 },
  rounds: 7,
  warmUps: 2,

  async begin(bench, { start }) {
    const requests = issueRequests(5_000);
    const service = await start(serviceOnSqlite(bench));
    const betterAuth = await start({ main: peerFile('better-auth') });
    const creations = await createRequests(betterAuth.url);
    return alternating(
      () => underLoad(service, issuePath, requests(bench.amount(20_000))),
      () => underLoad(betterAuth, createPath, creations(bench.amount(4_000))),
    );
  },
};
