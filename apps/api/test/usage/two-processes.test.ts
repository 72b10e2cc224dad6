import { usageInterval } from '@andamio/keys/usage/meter';
import { startProcess, type TestProcess, untilReady } from '@andamio/testing/service-process';
import {
  deleteKey,
  getDailyUsage,
  getUsage,
  newKey,
  successfulBody,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { afterEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { firestoreSettings, openFirestoreStore, temporaryFile } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost');

/** Opens the store that the settings select. */
function open({ SQLITE_PATH, GOOGLE_CLOUD_PROJECT }: Record<string, string | undefined>) {
  return SQLITE_PATH === undefined
    ? openFirestoreStore(emulatorHost as string, GOOGLE_CLOUD_PROJECT as string)
    : createSqliteStore(SQLITE_PATH, Date.now);
}

/** Twice the interval at which usage is stored, in seconds, to allow for a busy machine. */
const withinAnInterval = (2 * usageInterval) / 1000;
/** Seconds until all usage is stored if a write fails on a busy machine and is repeated. */
const withRepeatedWrites = (6 * usageInterval) / 1000;
/**
 * Seconds until both processes know the same usage: one process stores the usage, and the other
 * reads it after another interval. One more interval allows for a busy machine.
 */
const untilBothKnow = (3 * usageInterval) / 1000;

/** Defines the tests of usage that two service processes count in one store. */
function describeTwoProcesses(store: string, settings: () => Record<string, string | undefined>) {
  describe(`usage of two processes on ${store}`, () => {
    let services: TestProcess[] = [];
    afterEach(() => {
      for (const { signal } of services) signal('SIGKILL');
    });

    let environment: Record<string, string | undefined>;
    async function start() {
      environment = settings();
      services = await Promise.all([startProcess(environment), startProcess(environment)]);
      await Promise.all(services.map(untilReady));
      return services as [TestProcess, TestProcess];
    }

    const consumed = async ({ url }: TestProcess, sub: string) => {
      const body = successfulBody(await getUsage(url, { token: tokenFor(sub) }));
      return body['monthly_quota_consumed'] as number; // A day may end while a test runs.
    };
    /** Polls what a user has consumed, according to a process. */
    const pollConsumed = (service: TestProcess, sub: string, seconds = withRepeatedWrites) =>
      expect.poll(() => consumed(service, sub), { interval: 500, timeout: seconds * 1000 });

    /**
     * Returns the usage by key name, summed over yesterday and today because a test may run past
     * midnight.
     */
    const rowsOf = async ({ url }: TestProcess, sub: string) => {
      const [start_date, end_date] = [-1, 0].map((days) =>
        new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10),
      );
      const range = { start_date, end_date };
      const body = successfulBody(await getDailyUsage(url, range, { token: tokenFor(sub) }));
      const rows = body['usage'] as { api_key_name: string; requests: number }[];
      const sums: Record<string, number> = {};
      for (const { api_key_name, requests } of rows)
        sums[api_key_name] = (sums[api_key_name] ?? 0) + requests;
      return sums;
    };

    test(`two processes on ${store} both report exactly the usage of each owner after the interval`, async () => {
      const [one, other] = await start();
      const owners = ['alice', 'bob'];
      const keys = new Map<string, string>();
      for (const sub of owners) {
        for (const name of ['first', 'second'])
          keys.set(`${sub} ${name}`, await newKey(one.url, sub, {}, name));
      }
      const sent: Record<string, Record<string, number>> = {
        alice: { first: 60, second: 41 },
        bob: { first: 7, second: 20 },
      };
      const calls = owners.flatMap((sub) =>
        Object.entries(sent[sub] ?? {}).flatMap(([name, count]) =>
          Array.from({ length: count }, (_, index) => ({
            service: index % 2 ? one : other,
            key: keys.get(`${sub} ${name}`),
          })),
        ),
      );
      const answers = await Promise.all(
        calls.map(({ service, key }) => verifyKey(service.url, key)),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));

      for (const [sub, total] of [
        ['alice', 101],
        ['bob', 27],
      ] as const) {
        await pollConsumed(one, sub, withinAnInterval).toBe(total);
        for (const service of services) {
          expect(await consumed(service, sub)).toBe(total);
          expect(await rowsOf(service, sub)).toEqual(sent[sub]);
        }
      }
      expect(await consumed(other, 'carol')).toBe(0);
      expect(await rowsOf(other, 'carol')).toEqual({});

      const first = { api_key_name: 'first' };
      successfulBody(await deleteKey(other.url, first, { token: tokenFor('alice') }));
      await newKey(other.url, 'alice', {}, 'first');
      expect(await rowsOf(one, 'alice'), 'issuing a name again does not reset it').toEqual(
        sent['alice'],
      );
    });

    test(`SIGTERM under load loses no usage on ${store}`, async () => {
      const [ending, remaining] = await start();
      const key = await newKey(remaining.url, 'steady', {}, 'name');
      let good = 0;
      let ended = false;
      const client = async () => {
        while (!ended) {
          const status = await verifyKey(ending.url, key).then(
            (answer) => answer.status,
            () => 0,
          );
          if (status === 200) good++;
          else ended = true;
        }
      };
      const clients = Array.from({ length: 8 }, client);
      await waitFor('some requests', () => good > 100 || ended);
      expect(ended, 'a request was refused').toBe(false);
      expect((await ending.stop()).code).toBe(0);
      ended = true;
      await Promise.all(clients);
      expect(await consumed(remaining, 'steady')).toBe(good);
      expect(await rowsOf(remaining, 'steady')).toEqual({ name: good });
    });

    test(`SIGKILL loses at most the usage of the last interval on ${store}`, async () => {
      const [killed, remaining] = await start();
      const key = await newKey(remaining.url, 'unlucky', {}, 'name');
      const use = async ({ url }: TestProcess, requests: number) => {
        for (let sent = 0; sent < requests; sent++) successfulBody(await verifyKey(url, key));
      };
      await use(killed, 10);
      await pollConsumed(remaining, 'unlucky').toBe(10);
      await use(killed, 5);
      await killed.stop('SIGKILL');
      const left = await consumed(remaining, 'unlucky');
      expect(left).toBeGreaterThanOrEqual(10);
      expect(left).toBeLessThanOrEqual(15);
      await use(remaining, 1);
      await pollConsumed(remaining, 'unlucky').toBe(left + 1);
    });

    test(`two processes on ${store} exceed a daily quota by at most an interval, and both apply a higher tier`, async () => {
      const [one, other] = await start();
      const iat = Math.floor(Date.now() / 1000) - 60;
      const key = await newKey(one.url, 'greedy', { tier: 'starter', iat }, 'name');
      const use = (service: TestProcess) => verifyKey(service.url, key);
      expect((await use(one)).status).toBe(200);
      expect((await use(other)).status).toBe(200);
      const store = open(environment);
      onTestFinished(() => store.close());
      const day = new Date().toISOString().slice(0, 10);
      await store.addUsage({
        userId: 'greedy',
        day,
        instance: 'seed',
        number: 1,
        isRepeated: false,
        counts: new Map([['name', 2_498]]),
        lastUses: new Map(),
      });
      let good = 2_500;
      /**
       * Sends a request with the key, and reports whether the process refuses it because of the
       * quota.
       */
      const refuses = async (service: TestProcess) => {
        const { status, headers } = await use(service);
        if (status === 200) good++;
        return headers.get('x-error-code') === 'quota_exceeded';
      };
      // The polling interval keeps the requests below the tier's rate limit.
      const refusesSoon = (service: TestProcess) =>
        expect
          .poll(() => refuses(service), { interval: 500, timeout: untilBothKnow * 1000 })
          .toBe(true);
      await Promise.all([refusesSoon(one), refusesSoon(other)]);
      // Read from the store, because the tier allows 50 requests a minute.
      await waitFor(
        'all usage to be stored',
        async () => (await store.readTotals('greedy', day)).day === good,
        withRepeatedWrites,
      );
      expect(good, 'two requests a second to each process').toBeLessThanOrEqual(
        2_500 + 2 * 2 * untilBothKnow,
      );

      const growth = { token: tokenFor('greedy', { tier: 'growth' }) };
      expect(successfulBody(await getUsage(other.url, growth))).toMatchObject({
        daily_quota_limit: 25_000,
        monthly_quota_consumed: good,
      });
      expect((await use(other)).status).toBe(200);
      await waitFor(
        'the other process to apply the tier',
        async () => (await use(one)).status === 200,
        15,
      );
    });
  });
}

describeTwoProcesses('one file', () => ({ SQLITE_PATH: temporaryFile() }));
if (emulatorHost !== undefined)
  describeTwoProcesses('one Firestore', () => firestoreSettings(emulatorHost));
else test.skip('usage of two processes on one Firestore', () => {});
