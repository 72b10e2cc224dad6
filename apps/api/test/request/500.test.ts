import { afterEach, describe, expect, test } from 'vitest';
import { type KeyStore, OutcomeUnknownError, StoreUnavailableError } from '../../src/keys/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { requestKey } from '../harness/request-key.ts';

describe('500: anything else, without internals', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  const internals = 'connect to 10.1.2.3 with password hunter2';
  const storeThatThrows = (error: Error): KeyStore => ({
    issue: () => Promise.reject(error),
    check: () => Promise.reject(error),
    close: () => Promise.resolve(),
  });

  test.each([
    ['a store that is down', new StoreUnavailableError(internals), 'store_unavailable', /nothing was written/],
    ['a write of unknown outcome', new OutcomeUnknownError(internals), 'outcome_unknown', /the name may be taken/],
    ['an error nobody thought of', new TypeError(internals), 'internal', /^The cause was logged/],
  ])('%s', async (_what, error, code, details) => {
    app = await startApp({ store: storeThatThrows(error) });
    const answer = await requestKey(app.url, { api_key_name: 'abc' }, { headers: { 'x-request-id': 'find-me.42' } });
    expectError(answer, 500, code);
    expect(answer.body['details']).toMatch(details);
    expect(answer.body['details']).toMatch(/Request id: find-me\.42\.$/);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');

    const line = app.logged.map((text) => JSON.parse(text)).find(({ requestId }) => requestId === 'find-me.42');
    expect(line).toMatchObject({ severity: 'ERROR', err: { message: internals } });
    expect(line.stack_trace, 'Error Reporting reads the stack from here').toContain(internals);
  });
});
