import { missingForEmulator } from '@andamio/testing/emulator';
import { issueAmongAMillion, verifyAmongAMillion } from './comparisons/a-million-keys.ts';
import { guardSlowestSecond } from './comparisons/guard-slowest-second.ts';
import { guardVersusWithout } from './comparisons/guard-versus-without.ts';
import { issueOnFirestore } from './comparisons/issue-on-firestore.ts';
import { issueVersusBetterAuth } from './comparisons/issue-versus-better-auth.ts';
import { issueVersusExpress } from './comparisons/issue-versus-express.ts';
import { issueVersusFloor } from './comparisons/issue-versus-floor.ts';
import { memory } from './comparisons/memory.ts';
import { startToFirstKey } from './comparisons/start-to-first-key.ts';
import {
  startToListeningOnFirestore,
  startToListeningOnSqlite,
} from './comparisons/start-to-listening.ts';
import { goodKeyAmongUnknown, memoryAfterUnknown } from './comparisons/unknown-keys.ts';
import { verifyOnFirestore } from './comparisons/verify-on-firestore.ts';
import { verifyVersusBetterAuth } from './comparisons/verify-versus-better-auth.ts';
import { verifyVersusExpress } from './comparisons/verify-versus-express.ts';
import { verifyVersusFloor } from './comparisons/verify-versus-floor.ts';
import { withBench } from './harness/bench.ts';
import { readOptions } from './harness/options.ts';
import { report } from './harness/report.ts';
import { measure } from './harness/rounds.ts';
import { measureTail } from './harness/tail.ts';

const options = readOptions([
  issueVersusExpress,
  issueVersusFloor,
  issueVersusBetterAuth,
  issueOnFirestore,
  verifyVersusExpress,
  verifyVersusFloor,
  verifyVersusBetterAuth,
  verifyOnFirestore,
  issueAmongAMillion,
  verifyAmongAMillion,
  goodKeyAmongUnknown,
  memoryAfterUnknown,
  startToListeningOnSqlite,
  startToListeningOnFirestore,
  startToFirstKey,
  guardVersusWithout,
  guardSlowestSecond,
  memory,
]);

const needsEmulator = options.comparisons.some((comparison) => comparison.needsEmulator);
const missing = needsEmulator ? missingForEmulator() : undefined;
if (missing !== undefined)
  throw new Error(`Firestore's emulator needs ${missing}. Select other comparisons with --only.`);

await withBench({ ...options, needsEmulator }, async (bench) => {
  const results = await measure(options, bench);
  report(results, options.measuresTail ? await measureTail(bench) : undefined);
});
