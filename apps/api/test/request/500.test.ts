import { afterEach, describe, expect, test } from 'vitest';
import { type KeyStore, OutcomeUnknownError, StoreUnavailableError } from '../../src/keys/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { requestKey } from '../harness/request-key.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';
import { waitFor } from '../harness/wait-for.ts';

describe('500: anything else, without internals', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  const internals = 'connect to 10.1.2.3 with password hunter2';

  /** The log's line of a request; it is written once the answer has been sent. */
  async function lineOf({ logged }: TestApp, id: string | null) {
    const lines = () => logged.map((text) => JSON.parse(text)).filter(({ requestId }) => requestId === id);
    await waitFor(`a line of the request ${id}`, () => lines().length > 0);
    expect(lines()).toHaveLength(1);
    return lines()[0] as Record<string, unknown>;
  }

  test.each([
    ['a store that is down', new StoreUnavailableError(internals), 'store_unavailable', /Nothing was written/],
    ['a write of unknown outcome', new OutcomeUnknownError(internals), 'outcome_unknown', /the name may belong/],
    ['an error nobody thought of', new TypeError(internals), 'internal', /^The cause was logged/],
    [
      'an error that poses as one of HTTP',
      Object.assign(new Error(internals), { status: 404 }),
      'internal',
      /^The cause/,
    ],
  ])('%s', async (_what, error, code, details) => {
    app = await startApp({ store: storeThatThrows(error) });
    const answer = await requestKey(app.url, { api_key_name: 'abc' }, { headers: { 'x-request-id': 'find-me.42' } });
    expectError(answer, 500, code);
    expect(answer.body['details']).toMatch(details);
    expect(answer.body['details']).toMatch(/Request id: find-me\.42\.$/);
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toMatch(/hunter2|10\.1\.2\.3|TypeError|\.ts:/);

    const line = await lineOf(app, 'find-me.42');
    expect(line).toMatchObject({ severity: 'ERROR', err: { message: internals } });
    expect(line['stack_trace'], 'Error Reporting reads the stack from here').toContain(internals);
  });

  test('a request without an id gets one, by which the cause is found', async () => {
    app = await startApp({ store: storeThatThrows(new TypeError(internals)) });
    const { body, headers } = await requestKey(app.url, { api_key_name: 'abc' });
    const id = headers.get('x-request-id');
    expect(body['details']).toBe(`The cause was logged. Request id: ${id}.`);
    expect(await lineOf(app, id)).toMatchObject({ severity: 'ERROR', err: { message: internals } });
  });

  test('one request that fails leaves the next ones alone', async () => {
    let calls = 0;
    const store: KeyStore = {
      ...storeThatThrows(new Error(internals)),
      issue: () => (calls++ === 0 ? Promise.reject(new Error(internals)) : Promise.resolve('issued')),
    };
    app = await startApp({ store });
    expect((await requestKey(app.url, { api_key_name: 'abc' })).status).toBe(500);
    expect((await requestKey(app.url, { api_key_name: 'abc' })).status).toBe(200);
  });
});
