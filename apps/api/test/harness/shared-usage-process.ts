// Counts requests of each owner in Redis and stores them until SIGTERM, each request under a new
// key name. Prints each request before it counts it, again once Redis has confirmed it, and a line
// for each call to the store. Every third answer of the store is lost.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { OutcomeUnknownError } from '@andamio/keys/store';
import { SharedUsageStorer } from '@andamio/keys/usage/shared';
import type { UsageStore } from '@andamio/keys/usage/store';
import { tiers } from '@andamio/schema/tiers';
import { waitFor } from '@andamio/testing/wait-for';
import { systemClock } from '../../src/clock.ts';
import { connectCounters } from '../../src/counters/redis-counters.ts';
import { usageScripts } from '../../src/counters/usage-scripts.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';

const [url, file, ...owners] = process.argv.slice(2) as [string, string, ...string[]];
const store = createSqliteStore(file, Date.now);
const log = createLog({ level: 'silent', project: undefined });
// Claims end early, so that processes often store the same batch.
const times = { interval: 20, claim: 100, minimumAge: 0, retention: 60_000, window: 60_000 };
const redis = { url, ca: undefined, auth: 'url' } as const;
const { usage, close } = connectCounters(redis, log, systemClock, undefined, usageScripts(times));
/** Writes a line synchronously, so that it is not lost if the process is killed. */
const say = (word: 'counted' | 'confirmed', owner: string, name: string) =>
  writeSync(1, `${word} ${owner} ${name}\n`);

let additions = 0;
const forgetful: UsageStore = {
  ...store,
  async addUsage(command) {
    writeSync(1, 'storing\n');
    const totals = await store.addUsage(command);
    if (++additions % 3 === 0) throw new OutcomeUnknownError('The answer is lost.');
    return totals;
  },
};
const storer = new SharedUsageStorer({
  shared: usage,
  store: forgetful,
  monotonicNow: () => performance.now(),
  warn: () => {},
});

const limits = {
  ...tiers.enterprise,
  ...{ requestsPerMinute: 1e9, requestsPerDay: 1e9, requestsPerMonth: 1e9 },
};
let ending = false;
process.on('SIGTERM', () => {
  ending = true;
});
const isConnected = async () =>
  typeof (await usage.count({
    userId: 'first',
    name: 'name',
    serial: 'serial',
    reported: 0,
    limits,
  })) === 'object';
await waitFor('the connection to Redis', isConnected);
while (!ending) {
  for (const userId of owners) {
    const name = randomUUID();
    say('counted', userId, name);
    const counted = await usage.count({ userId, name, serial: name, reported: 0, limits });
    if (typeof counted === 'object') say('confirmed', userId, name);
  }
  await storer.flush();
}
close();
await store.close();
