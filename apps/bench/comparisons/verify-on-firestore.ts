import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { issueKeys, serviceOnFirestore, verifyPath, verifyRequests } from '../harness/service.ts';

const project = 'bench-verify';

export const verifyOnFirestore: Comparison = {
  name: 'verify-on-firestore',
  ours: "keys verified over HTTP by one lookup each, on Firestore's emulator, 100 per owner",
  other: 'the client library alone, getting their documents, same emulator',
  unit: 'requests/s',
  goal: { atLeast: 0.9 },
  rounds: 7,
  warmUps: 2,
  needsEmulator: true,

  async begin(bench, { start, startWorker }) {
    const amount = bench.amount(3_000);
    // Each owner has many keys, because every five seconds the service stores the usage of each
    // owner in a separate write.
    const keysOfEach = 100;
    // A round takes longer than the cache time of one second, so that each request reads Firestore.
    const service = await start(serviceOnFirestore(bench, project, { VERIFY_CACHE_SECONDS: '1' }));
    const requests = verifyRequests(
      await issueKeys(service.url, amount / keysOfEach, keysOfEach),
      amount,
    );
    const client = await startWorker('firestore-get', {
      FIRESTORE_EMULATOR_HOST: bench.emulatorHost,
      BENCH_PROJECT: project,
    });
    return alternating(
      () => underLoad(service, verifyPath, requests),
      () => client.perform(amount),
    );
  },
};
