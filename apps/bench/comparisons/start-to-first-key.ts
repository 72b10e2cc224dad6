import { tokenFor } from '@andamio/testing/tokens';
import type { Bench } from '../harness/bench.ts';
import { bundlePeer } from '../harness/bundle.ts';
import { alternating, type Comparison, type Measurement } from '../harness/comparison.ts';
import { timeToListening, timeUntil } from '../harness/program.ts';
import { issuePath, issueRequest, serviceOnFirestore } from '../harness/service.ts';

async function startAndIssue(bench: Bench, owner: string): Promise<Measurement> {
  const request = issueRequest(tokenFor(owner), 'MyFirstKey');
  const { begun, url, stop } = await timeToListening(
    serviceOnFirestore(bench, 'bench-first-key'),
    bench.folder,
  );
  const { status } = await fetch(`${url}${issuePath}`, { method: 'POST', ...request });
  const milliseconds = performance.now() - begun;
  await stop();
  if (status !== 200) throw new Error(`The first request was answered with ${status}.`);
  return { value: milliseconds };
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
    const script = { main: await bundlePeer('firestore-write', bench.folder), environment };
    let owners = 0;
    return {
      round: alternating(
        () => startAndIssue(bench, `owner-${owners++}`),
        async () => {
          const { milliseconds, stop } = await timeUntil(script, /written/, bench.folder);
          await stop();
          return { value: milliseconds };
        },
      ),
    };
  },
};
