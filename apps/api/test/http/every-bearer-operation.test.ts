import { type BearerOperation, type BearerReadOperation, operations } from '@andamio/schema/operations';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { OutcomeUnknownError, StoreUnavailableError } from '../../src/keys/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { type Answer, deletePath, post, rollPath, rotatePath } from '../harness/request-key.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';
import { tokenFor } from '../harness/tokens.ts';

const takesToken = (operation: object): operation is BearerOperation | BearerReadOperation => 'permission' in operation;
const bearerOperations = operations.filter(takesToken);
const withBody = bearerOperations.filter((operation) => 'body' in operation);
const namingKey = withBody.filter(({ body }) => 'api_key_name' in body.schema.shape);
/** Those that change nothing. */
const reading = ['get-user', 'get-usage', 'get-daily-usage'];

/** Calls an operation with its published example, or with another body. */
async function call(url: string, operation: BearerOperation | BearerReadOperation, token?: string, rawBody?: string) {
  if ('body' in operation) {
    const options = { ...(token !== undefined && { token }), ...(rawBody !== undefined && { rawBody }) };
    return post(`${url}${operation.path}`, operation.body.example, options);
  }
  const headers: Record<string, string> = { authorization: `Bearer ${token ?? tokenFor('user')}` };
  const response = await fetch(`${url}${operation.path}`, { headers });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

/** What differs between any two answers: when, and which. */
const volatile = new Set(['date', 'x-request-id', 'ratelimit', 'x-ratelimit-remaining', 'x-ratelimit-reset']);

function comparable({ status, headers, body }: Answer) {
  return { status, body, headers: [...headers].filter(([name]) => !volatile.has(name)) };
}

test('there are seven operations that take a token, five of them with a body, four with one that names a key', () => {
  expect([bearerOperations.length, withBody.length, namingKey.length]).toEqual([7, 5, 4]);
});

describe.each(bearerOperations.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  const writes = operation.permission === 'apikey:write';
  test.each([
    ['', false],
    ['openid', false],
    ['apikey:write', writes],
    ['apikey:read', !writes],
    ['apikey:read apikey:write', true],
    ['openid apikey:write', writes],
    ['APIKEY:READ APIKEY:WRITE', false],
    ['apikey:* apikey:reader apikey:writer', false],
    ['apikey:read,apikey:write', false],
  ])('the scope %j is refused exactly where it does not name what this takes', async (scope, allowed) => {
    const answer = await call(app.url, operation, tokenFor(`scope ${scope}`, { scope }));
    if (allowed) expect([200, 404]).toContain(answer.status);
    else expectError(answer, 403, 'insufficient_scope');
  });

  test('who may what is written in the service contract: reads take apikey:read, all else apikey:write', () => {
    expect(operation.permission).toBe(reading.includes(operation.id) ? 'apikey:read' : 'apikey:write');
  });

  test('a token without scope is a session of the user itself and may', async () => {
    expect([200, 404]).toContain((await call(app.url, operation, tokenFor('session'))).status);
  });

  test('a tier that there is not is 403', async () => {
    expectError(await call(app.url, operation, tokenFor('tier', { tier: 'gold' })), 403, 'unknown_tier');
  });

  test('a bad token is 401 and says how to authenticate', async () => {
    const answer = await call(app.url, operation, 'garbage');
    expectError(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
  });

  test('no token is 401 before anything about the body', async () => {
    const { method, path } = operation;
    const response = await fetch(`${app.url}${path}`, { method, ...(method === 'post' && { body: 'not JSON' }) });
    const body = (await response.json()) as Record<string, unknown>;
    expectError({ status: response.status, headers: response.headers, body }, 401, 'unauthenticated');
  });

  test("the user's rate counts here as well, and its refusal says when to come back", async () => {
    const token = tokenFor('hasty', { tier: 'pioneer' });
    for (let sent = 0; sent < 20; sent++) {
      expect((await call(app.url, operation, token)).headers.get('x-error-code')).not.toBe('rate_limited');
    }
    const answer = await call(app.url, operation, token);
    expectError(answer, 429, 'rate_limited');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test.each([
    ['a store that is down', new StoreUnavailableError('password hunter2'), 'store_unavailable', /Nothing was written/],
    [
      'a write of unknown outcome',
      new OutcomeUnknownError('password hunter2'),
      'outcome_unknown',
      /It may have succeeded/,
    ],
    ['an error nobody thought of', new TypeError('password hunter2'), 'internal', /^The cause was logged/],
  ])('%s is 500 without internals', async (_what, error, code, details) => {
    const failing = await startApp({ store: storeThatThrows(error) });
    onTestFinished(() => failing.close());
    const answer = await call(failing.url, operation);
    expectError(answer, 500, code);
    expect(answer.body['details']).toMatch(details);
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
  });
});

describe.each(withBody.map((operation) => [operation.id, operation] as const))('the body of %s', (_id, operation) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test.each([
    ['nothing', '', 'invalid_body'],
    ['half an object', '{"api_key_name": "hunter2"', 'invalid_body'],
    ['an array', '["hunter2"]', 'invalid_body'],
    ['null', 'null', 'invalid_body'],
    ['an object without what is required', '{"name": "hunter2"}', 'missing_field'],
    ['what is required missing beside another fault', '{"expires_in_days": "hunter2"}', 'missing_field'],
    ['what is required, but inherited', '{"__proto__": {"api_key_name": "hunter2"}}', 'missing_field'],
    ['more than 16 KiB', JSON.stringify({ api_key_name: 'hunter2'.repeat(3_000) }), 'body_too_large'],
  ])('%s is 400', async (_what, rawBody, code) => {
    const answer = await call(app.url, operation, tokenFor('body'), rawBody);
    expectError(answer, 400, code);
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
  });

  test('another content type is 400', async () => {
    const headers = { 'content-type': 'text/plain' };
    expectError(await post(`${app.url}${operation.path}`, operation.body.example, { headers }), 400, 'invalid_body');
  });
});

describe.each(namingKey.map((operation) => [operation.id, operation] as const))('the name for %s', (_id, operation) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test.each(['null', '42', '["hunter2"]', '"ab"', '"\\u0000hunter2"', '"hunter2\\ud800"', `"${'x'.repeat(101)}"`])(
    '%s is 422, and the value is not repeated',
    async (json) => {
      const answer = await call(app.url, operation, tokenFor('body'), `{"api_key_name": ${json}}`);
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toMatch(/^api_key_name: must /);
      expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    },
  );
});

describe.each([rotatePath, rollPath, deletePath])('%s of a name that the caller does not hold', (path) => {
  test("is 404, the same to the byte whether it is another user's or nobody's", async () => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const issued = await post(`${app.url}/api/v1/apikey/request`, { api_key_name: 'theirs', expires_in_days: 1 });
    expect(issued.status).toBe(200);
    const token = tokenFor('somebody else');
    const theirs = await post(`${app.url}${path}`, { api_key_name: 'theirs' }, { token });
    const nobodys = await post(`${app.url}${path}`, { api_key_name: 'nobody' }, { token });
    expectError(theirs, 404, 'no_such_key');
    expect(theirs.body['details']).toBe('api_key_name: you have no key with this name.');
    expect(comparable(theirs)).toEqual(comparable(nobodys));
    expect((await post(`${app.url}${path}`, { api_key_name: 'theirs' })).status).toBe(200);
  });
});
