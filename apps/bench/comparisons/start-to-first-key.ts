import { listeningLine } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import type { Bench } from '../harness/bench.ts';
import { alternating, type Comparison, type Measurement } from '../harness/comparison.ts';
import { bundledPeer } from '../harness/peers.ts';
import { timeUntil } from '../harness/program.ts';
import { issuePath, issueRequest, serviceOnFirestore } from '../harness/service.ts';

function startAndIssue(bench: Bench, owner: string): Promise<Measurement> {
  const request = issueRequest(tokenFor(owner), 'MyFirstKey');
  const service = serviceOnFirestore(bench, 'bench-first-key');
  return timeUntil(service, bench, listeningLine, async ([, port]) => {
    const url = `http://127.0.0.1:${port}${issuePath}`;
    const { status } = await fetch(url, { method: 'POST', ...request });
    if (status !== 200) throw new Error(`The first request was answered with ${status}.`);
  });
}

export const startToFirstKey: Comparison = {
  name: 'start-to-first-key',
  ours: "time from process start to the first key, on Firestore's emulator",
  other:
    'a script that loads the client library and writes one document, bundled like the service, same emulator',
  unit: 'ms',
  goal: { atMost: 1.2 },
  rounds: 15,
  warmUps: 2,
  needsEmulator: true,

  async begin(bench) {
    const environment = { FIRESTORE_EMULATOR_HOST: bench.emulatorHost };
    const script = { ...(await bundledPeer('firestore-write', bench)), environment };
    let owners = 0;
    return alternating(
      () => startAndIssue(bench, `owner-${owners++}`),
      () => timeUntil(script, bench, /written/),
    );
  },
};
