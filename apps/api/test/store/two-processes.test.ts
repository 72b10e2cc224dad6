import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import {
  deleteKey,
  getUser,
  requestKey,
  rollKey,
  rotateKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { firestoreSettings, temporaryFile } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost');

/** Defines the tests of two service processes that share one store. */
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

    /**
     * Sends requests of one owner concurrently, alternating between the two processes. Returns the
     * number of responses by status.
     */
    async function answersTo(sub: string, tier: string, names: readonly string[]) {
      const token = tokenFor(sub, { tier });
      const ask = (name: string, index: number) =>
        requestKey((services[index % 2] as TestProcess).url, { api_key_name: name }, { token });
      const answers = await Promise.all(names.map(ask));
      const count = (status: number, code?: string) =>
        answers.filter(
          ({ status: is, headers }) =>
            is === status && (headers.get('x-error-code') ?? undefined) === code,
        ).length;
      return {
        issued: count(200),
        full: count(429, 'key_limit_reached'),
        taken: count(422, 'name_taken'),
        others:
          answers.length - count(200) - count(429, 'key_limit_reached') - count(422, 'name_taken'),
      };
    }

    const fifty = (name: (index: number) => string) =>
      Array.from({ length: 50 }, (_, index) => name(index));

    test('two processes issue exactly the maximum to 50 concurrent requests of one owner', async () => {
      await start();
      for (const [tier, maximum] of [
        ['pioneer', 1],
        ['starter', 2],
        ['growth', 5],
      ] as const) {
        for (let round = 0; round < 3; round++) {
          // A pioneer may send 20 requests a minute to each process, because the processes count
          // separately.
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

    test('two processes issue a key to each of 50 concurrent requests that the maximum allows', async () => {
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

    test('two processes issue one key to 50 concurrent requests for the same name', async () => {
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

    test('two processes return one key to 50 concurrent requests with the same Idempotency-Key', async () => {
      await start();
      const token = tokenFor('repeats', { tier: 'enterprise' });
      const ask = (index: number) =>
        requestKey(
          (services[index % 2] as TestProcess).url,
          { api_key_name: 'once' },
          { token, headers: { 'idempotency-key': 'the-same' } },
        );
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(index)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      expect(
        (await getUser((services[0] as TestProcess).url, { token })).body['active_keys'],
      ).toHaveLength(1);
    });

    test('two processes enforce names and maximum exactly under 50 concurrent mixed operations of one owner', async () => {
      await start();
      const urlOf = (index: number) => (services[index % 2] as TestProcess).url;
      for (let round = 0; round < 3; round++) {
        const token = tokenFor(`all at once ${round}`, { tier: 'growth' });
        for (let held = 0; held < 5; held++) {
          // A key that is valid for one day can be extended immediately after it was issued, but
          // not again after that.
          const body = { api_key_name: `old ${held}`, expires_in_days: 1 };
          expect((await requestKey(urlOf(held), body, { token })).status).toBe(200);
        }
        const calls = fifty(String).map(async (_, index) => {
          const verb =
            (['request', 'rotate', 'delete', 'request', 'roll'] as const)[index % 5] ?? 'request';
          // Half of the requests for a key use a name that is being deleted.
          const name =
            verb === 'request' && index % 2 ? `new ${index}` : `old ${Math.floor(index / 5) % 5}`;
          const call = { request: requestKey, rotate: rotateKey, roll: rollKey, delete: deleteKey }[
            verb
          ];
          const { status, headers } = await call(urlOf(index), { api_key_name: name }, { token });
          return { verb, name, answer: `${status} ${headers.get('x-error-code') ?? ''}`.trim() };
        });
        const answers = await Promise.all(calls);
        const allowed = {
          request: ['200', '422 name_taken', '429 key_limit_reached'],
          rotate: ['200', '409 not_yet_rotatable', '404 no_such_key'],
          roll: ['200', '404 no_such_key'],
          delete: ['200', '404 no_such_key'],
        };
        for (const { verb, answer } of answers) expect(allowed[verb]).toContain(answer);

        const done = (wanted: string) =>
          answers.filter(({ verb, answer }) => verb === wanted && answer === '200');
        const { body } = await getUser(urlOf(round), { token });
        const active = (body['active_keys'] as { name: string }[]).map(({ name }) => name);
        expect(new Set(active).size).toBe(active.length);
        expect(active.length).toBe(5 + done('request').length - done('delete').length);
        expect(active.length).toBeLessThanOrEqual(5);
        for (let held = 0; held < 5; held++) {
          const ofName = (verb: string) =>
            done(verb).filter(({ name }) => name === `old ${held}`).length;
          expect(1 + ofName('request') - ofName('delete')).toBe(
            active.includes(`old ${held}`) ? 1 : 0,
          );
          expect(
            ofName('rotate'),
            'a key that is valid for a day is rotated at most once, and a key that is valid for a year never',
          ).toBeLessThanOrEqual(1);
        }
        for (let held = active.length; held < 5; held++) {
          expect(
            (await requestKey(urlOf(held), { api_key_name: `fill ${held}` }, { token })).status,
          ).toBe(200);
        }
        const full = await requestKey(urlOf(round), { api_key_name: 'one more' }, { token });
        expect(full.headers.get('x-error-code')).toBe('key_limit_reached');
      }
    });

    test('two processes respond with either name_taken or key_limit_reached when requests compete for both', async () => {
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

describeTwoProcesses('one SQLite file', () => ({ SQLITE_PATH: temporaryFile() }));
if (emulatorHost !== undefined)
  describeTwoProcesses('one Firestore', () => firestoreSettings(emulatorHost));
else test.skip('two processes on one Firestore', () => {});
