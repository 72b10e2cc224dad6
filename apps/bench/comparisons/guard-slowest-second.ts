import { bundlePeer } from '../harness/bundle.ts';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { slowestSecond } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';
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

  async begin(bench) {
    const duration = Math.max(4, bench.amount(seconds));
    const service = await startProgram(serviceOnSqlite(bench), bench.folder);
    const main = await bundlePeer('guarded', bench.folder);
    const guarded = await startProgram(
      { main, environment: { VERIFY_URL: service.url } },
      bench.folder,
    );
    const plain = await startProgram({ main }, bench.folder);
    const requests = verifyRequests(await issueKeys(service.url, owners), owners);
    return {
      round: alternating(
        () => slowestSecond(guarded, '/', requests, duration),
        () => slowestSecond(plain, '/', requests, duration),
      ),
      async end() {
        await guarded.stop();
        await plain.stop();
        await service.stop();
      },
    };
  },
};
