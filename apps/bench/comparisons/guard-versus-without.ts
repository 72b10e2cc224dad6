import { makeKey } from '@andamio/schema/key-format';
import { bundlePeer } from '../harness/bundle.ts';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { startProgram } from '../harness/program.ts';

export const guardVersusWithout: Comparison = {
  name: 'guard-versus-without',
  ours: 'an Express 5 app with the guard, the key cached',
  other: 'the same app without the guard',
  unit: 'requests/s',
  goal: { atLeast: 0.95 },
  starts: 5,
  rounds: 20,
  warmUps: 10,

  async begin(bench) {
    const verify = await startProgram(
      { main: await bundlePeer('verify', bench.folder) },
      bench.folder,
    );
    const main = await bundlePeer('guarded', bench.folder);
    const guarded = await startProgram(
      { main, environment: { VERIFY_URL: verify.url } },
      bench.folder,
    );
    const plain = await startProgram({ main }, bench.folder);
    const headers = { 'x-api-key': makeKey() };
    const requests = Array.from({ length: bench.amount(4_000) }, () => ({ headers }));
    return {
      round: alternating(
        () => underLoad(guarded, '/', requests),
        () => underLoad(plain, '/', requests),
      ),
      async end() {
        await guarded.stop();
        await plain.stop();
        await verify.stop();
      },
    };
  },
};
