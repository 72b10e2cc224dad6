import { alternating, type Comparison } from '../harness/comparison.ts';
import { slowestSecond } from '../harness/load.ts';
import { bundledPeer } from '../harness/peers.ts';
import { issueKeys, serviceOnSqlite, verifyRequests } from '../harness/service.ts';

/** Seconds of load: twice the guard's cache time of 10 seconds, and one second more. */
const seconds = 21;

/**
 * Number of owners. Each is limited to 2,000 requests per minute, so together they may send 20,000
 * per second, which is more than one process can serve.
 */
const owners = 600;

export const guardSlowestSecond: Comparison = {
  name: 'guard-slowest-second',
  ours: 'an Express 5 app with the guard, which asks the service: slowest second of 21, and the second with the highest processor time per request',
  other: 'the same app without the guard',
  unit: 'requests/s',
  goal: { atLeast: 0.95 },
  rounds: 3,
  warmUps: 1,

  async begin(bench, { start }) {
    const duration = Math.max(4, bench.amount(seconds));
    const service = await start(serviceOnSqlite(bench));
    const app = await bundledPeer('guarded', bench);
    const guarded = await start({ ...app, environment: { VERIFY_URL: service.url } });
    const plain = await start(app);
    const requests = verifyRequests(await issueKeys(service.url, owners), owners);
    return alternating(
      () => slowestSecond(guarded, '/', requests, duration),
      () => slowestSecond(plain, '/', requests, duration),
    );
  },
};
