import { type KeyStore, OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { requestKey } from '@andamio/testing/service-requests';
import { createMemoryStore } from '@andamio/testing/store/memory-store';
import { waitFor } from '@andamio/testing/wait-for';
import { afterEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';

describe('unexpected errors', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  const internals = 'connect to 10.1.2.3 with password hunter2';

  /**
   * Waits for the log line of a request and returns it. The service writes the line after the
   * response.
   */
  async function lineOf({ logged }: TestApp, id: string | null) {
    const lines = () =>
      logged.map((text) => JSON.parse(text)).filter(({ requestId }) => requestId === id);
    await waitFor(`the log line of the request ${id}`, () => lines().length > 0);
    expect(lines()).toHaveLength(1);
    return lines()[0] as Record<string, unknown>;
  }

  test.each([
    [
      'a store that is down',
      new StoreUnavailableError(internals),
      'store_unavailable',
      /Nothing was written/,
    ],
    [
      'a write of unknown outcome',
      new OutcomeUnknownError(internals),
      'outcome_unknown',
      /may have succeeded/,
    ],
    ['an unexpected error', new TypeError(internals), 'internal', /^The cause was logged/],
    [
      'an error with an HTTP status',
      Object.assign(new Error(internals), { status: 404 }),
      'internal',
      /^The cause/,
    ],
  ])(
    'request responds with 500 without internals, and logs the cause, for %s',
    async (_what, error, code, details) => {
      app = await startApp({ store: storeThatThrows(error) });
      const answer = await requestKey(
        app.url,
        { api_key_name: 'abc' },
        { headers: { 'x-request-id': 'find-me.42' } },
      );
      expectError(answer, 500, code);
      expect(answer.body['details']).toMatch(details);
      expect(answer.body['details']).toMatch(/Request id: find-me\.42\.$/);
      expect(JSON.stringify([answer.body, [...answer.headers]])).not.toMatch(
        /hunter2|10\.1\.2\.3|TypeError|\.ts:/,
      );

      const line = await lineOf(app, 'find-me.42');
      expect(line).toMatchObject({ severity: 'ERROR', err: { message: internals } });
      expect(line['stack_trace'], 'Error Reporting reads the stack from here').toContain(internals);
    },
  );

  test('request returns a generated request id that the log line with the cause has too', async () => {
    app = await startApp({ store: storeThatThrows(new TypeError(internals)) });
    const { body, headers } = await requestKey(app.url, { api_key_name: 'abc' });
    const id = headers.get('x-request-id');
    expect(body['details']).toBe(`The cause was logged. Request id: ${id}.`);
    expect(await lineOf(app, id)).toMatchObject({ severity: 'ERROR', err: { message: internals } });
  });

  test('request succeeds after an earlier request failed', async () => {
    let calls = 0;
    const working = createMemoryStore();
    const store: KeyStore = {
      ...storeThatThrows(new Error(internals)),
      transact: (scope, decide) =>
        calls++ === 0 ? Promise.reject(new Error(internals)) : working.transact(scope, decide),
    };
    app = await startApp({ store });
    expect((await requestKey(app.url, { api_key_name: 'abc' })).status).toBe(500);
    expect((await requestKey(app.url, { api_key_name: 'abc' })).status).toBe(200);
  });
});
