import { afterEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { OutcomeUnknownError } from '../../src/keys/store.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';
import { startProcess, type TestProcess, untilReady } from '../harness/process.ts';
import { deleteKey, newKey, rollKey, verifyKey } from '../harness/request-key.ts';
import { freshProject, temporaryFile } from '../harness/stores.ts';
import { tokenFor } from '../harness/tokens.ts';

const emulatorHost = inject('emulatorHost');
const boundSeconds = 2;
/** An owner has 2,000 calls a minute: so many ask without pause. */
const owners = Array.from({ length: 25 }, (_, index) => `owner ${index}`);

interface Question {
  readonly owner: string;
  readonly askedAt: number;
  readonly status: number;
}

/** Asks a process about all keys in turns, without pause until it is told to stop. */
function askWithoutPause(url: string, keys: ReadonlyMap<string, string>) {
  const questions: Question[] = [];
  let stopped = false;
  async function loop() {
    while (!stopped) {
      for (const [owner, key] of keys) {
        const askedAt = performance.now();
        const { status } = await verifyKey(url, key);
        questions.push({ owner, askedAt, status });
      }
    }
  }
  const ended = loop();
  return {
    questions,
    async stop() {
      stopped = true;
      await ended;
      return questions;
    },
  };
}

function describeRevocation(store: string, settings: () => Record<string, string | undefined>) {
  describe(`two processes on ${store}, asked without pause while one of them deletes`, () => {
    let services: TestProcess[] = [];
    afterEach(() => {
      for (const { signal } of services) signal('SIGKILL');
    });

    test('refuse a deleted key: the one from its answer on, the other within the bound', async () => {
      const environment = { ...settings(), VERIFY_CACHE_SECONDS: String(boundSeconds) };
      services = await Promise.all([startProcess(environment), startProcess(environment)]);
      await Promise.all(services.map(untilReady));
      const [deleting, other] = services.map(({ url }) => url) as [string, string];
      const keys = new Map<string, string>();
      for (const owner of owners) keys.set(owner, await newKey(deleting, owner));
      const asked = [askWithoutPause(deleting, keys), askWithoutPause(other, keys)] as const;
      // Each process knows each key, from reads of various moments.
      const known = () => asked.every(({ questions }) => questions.length >= 4 * owners.length);
      await expect.poll(known).toBe(true);

      const deletions = new Map<string, { readonly sentAt: number; readonly answeredAt: number }>();
      for (const owner of owners) {
        const sentAt = performance.now();
        expect((await deleteKey(deleting, { api_key_name: 'MyFirstKey' }, { token: tokenFor(owner) })).status).toBe(
          200,
        );
        deletions.set(owner, { sentAt, answeredAt: performance.now() });
      }
      const lastDeletion = performance.now();
      const isPast = ({ askedAt }: Question) => askedAt > lastDeletion + boundSeconds * 1000;
      const measured = () => asked.every(({ questions }) => questions.filter(isPast).length >= 2 * owners.length);
      await expect.poll(measured).toBe(true);

      const [here, elsewhere] = await Promise.all(asked.map(({ stop }) => stop()));
      const wrong = (questions: readonly Question[] | undefined, milliseconds: number) =>
        (questions ?? []).filter(({ owner, askedAt, status }) => {
          const { sentAt, answeredAt } = deletions.get(owner) as { sentAt: number; answeredAt: number };
          if (askedAt > answeredAt + milliseconds) return status !== 401;
          return askedAt < sentAt - 1_000 && status !== 200;
        });
      expect(wrong(here, 0)).toEqual([]);
      expect(wrong(elsewhere, boundSeconds * 1000)).toEqual([]);
    });
  });
}

describeRevocation('one SQLite file', () => ({ SQLITE_PATH: temporaryFile() }));
describe.skipIf(emulatorHost === undefined)('with the emulator', () => {
  describeRevocation('one Firestore', () => ({
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: freshProject(),
    FIRESTORE_EMULATOR_HOST: emulatorHost,
  }));
});

test('a key is refused at once also where nobody knows whether it was deleted', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const losing: typeof store = {
    ...store,
    delete: async (command) => {
      await store.delete(command);
      throw new OutcomeUnknownError('The answer was lost.');
    },
  };
  const app = await startApp({ store: losing });
  onTestFinished(() => app.close());
  const key = await newKey(app.url, 'owner');
  expect((await verifyKey(app.url, key)).status).toBe(200);
  const answer = await deleteKey(app.url, { api_key_name: 'MyFirstKey' }, { token: tokenFor('owner') });
  expect(answer.status).toBe(500);
  expect((await verifyKey(app.url, key)).status).toBe(401);
});

test('a secret that is rolled away without grace is refused at once', async () => {
  const app = await startApp();
  onTestFinished(() => app.close());
  const key = await newKey(app.url, 'owner');
  expect((await verifyKey(app.url, key)).status).toBe(200);
  const token = tokenFor('owner');
  await rollKey(app.url, { api_key_name: 'MyFirstKey', grace_seconds: 0 }, { token });
  expect((await verifyKey(app.url, key)).status).toBe(401);
});
