import { afterEach, describe, expect, inject, test } from 'vitest';
import { startProcess, type TestProcess } from '../harness/process.ts';
import { requestKey } from '../harness/request-key.ts';
import { freshProject, temporaryFile } from '../harness/stores.ts';
import { tokenFor } from '../harness/tokens.ts';

const emulatorHost = inject('emulatorHost');

const onSqlite = () => ({ SQLITE_PATH: temporaryFile() });
const onFirestore = () => ({
  KEY_STORE: 'firestore',
  GOOGLE_CLOUD_PROJECT: freshProject(),
  FIRESTORE_EMULATOR_HOST: emulatorHost,
});

/** Two processes of the service on one store. */
function describeTwoProcesses(store: string, settings: () => Record<string, string | undefined>) {
  describe(`two processes on ${store}`, () => {
    let services: TestProcess[] = [];
    afterEach(() => {
      for (const { signal } of services) signal('SIGKILL');
    });

    async function start() {
      const environment = settings();
      services = await Promise.all([startProcess(environment), startProcess(environment)]);
    }

    /** Sends all requests of one owner at once, in turns to either process, and counts the answers by status. */
    async function answersTo(sub: string, tier: string, names: readonly string[]) {
      const token = tokenFor(sub, { tier });
      const ask = (name: string, index: number) =>
        requestKey((services[index % 2] as TestProcess).url, { api_key_name: name }, { token });
      const answers = await Promise.all(names.map(ask));
      const count = (status: number, code?: string) =>
        answers.filter(
          ({ status: is, headers }) => is === status && (headers.get('x-error-code') ?? undefined) === code,
        ).length;
      return {
        issued: count(200),
        full: count(429, 'key_limit_reached'),
        taken: count(422, 'name_taken'),
        others: answers.length - count(200) - count(429, 'key_limit_reached') - count(422, 'name_taken'),
      };
    }

    const fifty = (name: (index: number) => string) => Array.from({ length: 50 }, (_, index) => name(index));

    test('issue exactly the maximum to 50 requests of one owner at once', async () => {
      await start();
      for (const [tier, maximum] of [
        ['pioneer', 1],
        ['starter', 2],
        ['growth', 5],
      ] as const) {
        for (let round = 0; round < 3; round++) {
          // A pioneer has 20 requests a minute, but the two processes count apart: 20 each.
          const names = fifty((index) => `key ${index}`).slice(0, tier === 'pioneer' ? 40 : 50);
          const answers = await answersTo(`${tier} ${round}`, tier, names);
          expect(answers, `${tier}, round ${round}`).toEqual({
            issued: maximum,
            full: names.length - maximum,
            taken: 0,
            others: 0,
          });
        }
      }
    });

    test('issue all where the tier allows all', async () => {
      await start();
      expect(
        await answersTo(
          'enterprise',
          'enterprise',
          fifty((index) => `key ${index}`),
        ),
      ).toEqual({
        issued: 50,
        full: 0,
        taken: 0,
        others: 0,
      });
    });

    test('issue one name once', async () => {
      await start();
      for (let round = 0; round < 3; round++) {
        const answers = await answersTo(
          `one name ${round}`,
          'enterprise',
          fifty(() => 'the same'),
        );
        expect(answers).toEqual({ issued: 1, full: 0, taken: 49, others: 0 });
      }
    });

    test('tell name and maximum apart also when both are contended for', async () => {
      await start();
      const { issued, full, taken, others } = await answersTo(
        'mixed',
        'growth',
        fifty((index) => `key ${index % 10}`),
      );
      expect({ issued, others }).toEqual({ issued: 5, others: 0 });
      expect(full + taken).toBe(45);
    });
  });
}

describeTwoProcesses('one file', onSqlite);
if (emulatorHost !== undefined) describeTwoProcesses('one Firestore', onFirestore);
else test.skip('two processes on one Firestore', () => {});
