import { makeKey } from '@andamio/schema/key-format';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { underLoad } from '../harness/load.ts';
import { bundledPeer } from '../harness/peers.ts';

export const guardVersusWithout: Comparison = {
  name: 'guard-versus-without',
  ours: 'an Express 5 app with the guard, the key cached',
  other: 'the same app without the guard',
  unit: 'requests/s',
  goal: { atLeast: 0.95 },
  starts: 5,
  rounds: 20,
  warmUps: 10,

  async begin(bench, { start }) {
    const verify = await start(await bundledPeer('verify', bench));
    const app = await bundledPeer('guarded', bench);
    const guarded = await start({ ...app, environment: { VERIFY_URL: verify.url } });
    const plain = await start(app);
    const headers = { 'x-api-key': makeKey() };
    const requests = Array.from({ length: bench.amount(4_000) }, () => ({ headers }));
    return alternating(
      () => underLoad(guarded, '/', requests),
      () => underLoad(plain, '/', requests),
    );
  },
};
