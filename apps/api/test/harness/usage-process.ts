// Counts and stores requests of each owner until SIGTERM, each request under a new key name. Prints
// each request before it counts it, and again once the store has confirmed it.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { UsageMeter } from '@andamio/keys/usage/meter';
import type { UsageStore } from '@andamio/keys/usage/store';
import { createFirestoreStore } from '../../src/store/firestore/store.ts';

const [project, emulatorHost, ...owners] = process.argv.slice(2) as [string, string, ...string[]];
const store = createFirestoreStore({ project, database: '(default)', emulatorHost });

/** Writes a line synchronously, so that it is not lost if the process is killed. */
const say = (word: 'counted' | 'stored', owner: string, name: string) =>
  writeSync(1, `${word} ${owner} ${name}\n`);

let pending = 0;
const reporting: UsageStore = {
  ...store,
  async addUsage(command) {
    const totals = await store.addUsage(command);
    for (const name of command.counts.keys()) {
      pending--;
      say('stored', command.userId, name);
    }
    return totals;
  },
};
const meter = new UsageMeter({
  store: reporting,
  now: Date.now,
  monotonicNow: () => performance.now(),
  warn: () => {}, // Cut connections are expected.
});

let ending = false;
process.on('SIGTERM', () => {
  ending = true;
});
while (!ending || pending > 0) {
  for (const owner of ending ? [] : owners) {
    const name = randomUUID();
    say('counted', owner, name);
    pending++;
    meter.count(owner, name);
  }
  await meter.flush();
}
await store.close();
