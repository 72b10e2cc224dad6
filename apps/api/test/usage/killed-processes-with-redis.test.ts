import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { utcDayOf } from '@andamio/keys/usage/calendar';
import { SharedUsageStorer } from '@andamio/keys/usage/shared';
import { startRedis } from '@andamio/testing/redis';
import { withOperations } from '@andamio/testing/store/operations';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { connectCounters } from '../../src/counters/redis-counters.ts';
import { usageScripts } from '../../src/counters/usage-scripts.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { temporaryFile } from '../harness/stores.ts';

const program = fileURLToPath(new URL('../harness/shared-usage-process.ts', import.meta.url));
const owners = ['alice', 'bob'];
const rounds = 10;

test.skipIf(!inject('available').includes('redis'))(
  `counts each request in Redis exactly once: ${2 * rounds} kills, and a store that loses answers`,
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const inspector = await createClient({ url: redis.url }).connect();
    onTestFinished(() => inspector.destroy());
    const file = temporaryFile();
    const store = createSqliteStore(file, Date.now);
    onTestFinished(() => store.close());
    const startedOn = utcDayOf(Date.now());
    const names = {
      counted: new Map(owners.map((owner): [string, Set<string>] => [owner, new Set()])),
      confirmed: new Map(owners.map((owner): [string, Set<string>] => [owner, new Set()])),
    };
    const confirmed = () => [...names.confirmed.values()].reduce((sum, { size }) => sum + size, 0);
    let calls = 0;

    function start(): ChildProcess {
      const child = spawn(process.execPath, [program, redis.url, file, ...owners], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_NO_WARNINGS: '1' },
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line === 'storing') return calls++;
        const [word, owner, name] = line.split(' ') as ['counted' | 'confirmed', string, string];
        return names[word].get(owner)?.add(name);
      });
      return child;
    }

    for (let round = 0; round < rounds; round++) {
      const [before, callsBefore] = [confirmed(), calls];
      const children = [start(), start()];
      const enough = before + 1 + Math.floor(Math.random() * 10);
      const hasWorked = () => confirmed() >= enough && calls > callsBefore + (round % 4);
      await waitFor('requests to be counted and stored', hasWorked, 60);
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map((child) => once(child, 'close')));
    }
    expect(await inspector.keys('usage:*:due'), 'usage is left in Redis').not.toEqual([]);

    // An instance that starts later stores the usage that the killed instances left.
    const shared = connectCounters(
      { url: redis.url, ca: undefined, auth: 'url' },
      createLog({ level: 'silent', project: undefined }),
      systemClock,
      undefined,
      usageScripts({ interval: 0, claim: 1_000, minimumAge: 0, retention: 60_000, window: 60_000 }),
    );
    onTestFinished(() => shared.close());
    const storer = new SharedUsageStorer({
      shared: shared.usage,
      store,
      monotonicNow: () => performance.now(),
      warn: (error) => expect(error).toBeUndefined(),
    });
    await waitFor('all usage to be stored', async () => {
      await storer.flush();
      return (await inspector.keys('usage:*:due')).length === 0;
    });

    const days = [...new Set([startedOn, utcDayOf(Date.now())])];
    for (const userId of owners) {
      const sent = [...(names.counted.get(userId) as Set<string>)];
      const rows = await withOperations(store).readUsage({ userId, days, names: sent });
      expect(new Set(rows.map(({ requests }) => requests)), 'nothing is counted twice').toEqual(
        new Set([1]),
      );
      const found = new Set(rows.map(({ name }) => name));
      expect(found.size).toBe(rows.length);
      const lost = [...(names.confirmed.get(userId) as Set<string>)].filter(
        (name) => !found.has(name),
      );
      expect(lost, 'nothing that Redis confirmed is lost').toEqual([]);
      const { month } = await store.readTotals(userId, days.at(-1) as string);
      if (days.length === 1) expect(month).toBe(found.size);
    }
  },
  180_000,
);
