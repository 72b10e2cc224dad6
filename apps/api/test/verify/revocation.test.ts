import { OutcomeUnknownError } from '@andamio/keys/store';
import { startProcess, type TestProcess, untilReady } from '@andamio/testing/service-process';
import { deleteKey, newKey, rollKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';
import { firestoreSettings, temporaryFile } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost');
const boundSeconds = 2;
/**
 * Several owners, because continuous requests of one owner would exceed the limit of 2,000 a
 * minute.
 */
const owners = Array.from({ length: 25 }, (_, index) => `owner ${index}`);

interface Observation {
  readonly owner: string;
  readonly sentAt: number;
  readonly status: number;
}

/** Verifies all keys in turn until `stop` is called. */
function verifyContinuously(url: string, keys: ReadonlyMap<string, string>) {
  const observations: Observation[] = [];
  let stopped = false;
  async function loop() {
    while (!stopped) {
      for (const [owner, key] of keys) {
        const sentAt = performance.now();
        const { status } = await verifyKey(url, key);
        observations.push({ owner, sentAt, status });
      }
    }
  }
  const ended = loop();
  return {
    observations,
    async stop() {
      stopped = true;
      await ended;
      return observations;
    },
  };
}

function describeRevocation(store: string, settings: () => Record<string, string | undefined>) {
  describe(`deletion with two processes on ${store}`, () => {
    let services: TestProcess[] = [];
    afterEach(() => {
      for (const { signal } of services) signal('SIGKILL');
    });

    test(`a deleted key is refused at once by the process that deletes it and soon by another on ${store}`, async () => {
      const environment = { ...settings(), VERIFY_CACHE_SECONDS: String(boundSeconds) };
      services = await Promise.all([startProcess(environment), startProcess(environment)]);
      await Promise.all(services.map(untilReady));
      const [deleting, other] = services.map(({ url }) => url) as [string, string];
      const keys = new Map<string, string>();
      for (const owner of owners) keys.set(owner, await newKey(deleting, owner));
      const clients = [
        verifyContinuously(deleting, keys),
        verifyContinuously(other, keys),
      ] as const;
      // By now, both processes have cached all keys, at different times.
      const known = () =>
        clients.every(({ observations }) => observations.length >= 4 * owners.length);
      await expect.poll(known).toBe(true);

      const deletions = new Map<string, { readonly sentAt: number; readonly answeredAt: number }>();
      for (const owner of owners) {
        const sentAt = performance.now();
        expect(
          (await deleteKey(deleting, { api_key_name: 'MyFirstKey' }, { token: tokenFor(owner) }))
            .status,
        ).toBe(200);
        deletions.set(owner, { sentAt, answeredAt: performance.now() });
      }
      const lastDeletion = performance.now();
      const isPast = ({ sentAt }: Observation) => sentAt > lastDeletion + boundSeconds * 1000;
      const measured = () =>
        clients.every(
          ({ observations }) => observations.filter(isPast).length >= 2 * owners.length,
        );
      await expect.poll(measured).toBe(true);

      const [here, elsewhere] = await Promise.all(clients.map(({ stop }) => stop()));
      const wrong = (observations: readonly Observation[] | undefined, milliseconds: number) =>
        (observations ?? []).filter(({ owner, sentAt, status }) => {
          const deletion = deletions.get(owner) as { sentAt: number; answeredAt: number };
          if (sentAt > deletion.answeredAt + milliseconds) return status !== 401;
          return sentAt < deletion.sentAt - 1_000 && status !== 200;
        });
      expect(wrong(here, 0)).toEqual([]);
      expect(wrong(elsewhere, boundSeconds * 1000)).toEqual([]);
    });
  });
}

describeRevocation('one SQLite file', () => ({ SQLITE_PATH: temporaryFile() }));
describe.skipIf(emulatorHost === undefined)('with the emulator', () => {
  describeRevocation('one Firestore', () => firestoreSettings(emulatorHost as string));
});

test('verify refuses a key at once after a deletion with an unknown outcome', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  let loses = false;
  const losing: typeof store = {
    ...store,
    async transact(scope, decide) {
      const outcome = await store.transact(scope, decide);
      if (loses) throw new OutcomeUnknownError('The answer was lost.');
      return outcome;
    },
  };
  const app = await startApp({ store: losing });
  onTestFinished(() => app.close());
  const key = await newKey(app.url, 'owner');
  expect((await verifyKey(app.url, key)).status).toBe(200);
  loses = true;
  const answer = await deleteKey(
    app.url,
    { api_key_name: 'MyFirstKey' },
    { token: tokenFor('owner') },
  );
  expect(answer.status).toBe(500);
  expect((await verifyKey(app.url, key)).status).toBe(401);
});

test('verify refuses a previous secret at once after a roll without grace', async () => {
  const app = await startApp();
  onTestFinished(() => app.close());
  const key = await newKey(app.url, 'owner');
  expect((await verifyKey(app.url, key)).status).toBe(200);
  const token = tokenFor('owner');
  await rollKey(app.url, { api_key_name: 'MyFirstKey', grace_seconds: 0 }, { token });
  expect((await verifyKey(app.url, key)).status).toBe(401);
});
