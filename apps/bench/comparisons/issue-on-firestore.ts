import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { firstRequests, issuePath, serviceOnFirestore } from '../harness/service.ts';

export const issueOnFirestore: Comparison = {
  name: 'issue-on-firestore',
  ours: "each owner's first key issued over HTTP, on Firestore's emulator",
  other: 'the client library alone: a transaction with one read and two writes, same emulator',
  unit: 'requests/s',
  goal: { atLeast: 1.3 },
  rounds: 7,
  warmUps: 2,
  needsEmulator: true,

  async begin(bench, { start, startWorker }) {
    const requests = firstRequests();
    const amount = bench.amount(3_000);
    const service = await start(serviceOnFirestore(bench, 'bench-issue'));
    const client = await startWorker('firestore-transactions', {
      FIRESTORE_EMULATOR_HOST: bench.emulatorHost,
    });
    return alternating(
      () => underLoad(service, issuePath, requests(amount)),
      () => client.perform(amount),
    );
  },
};
