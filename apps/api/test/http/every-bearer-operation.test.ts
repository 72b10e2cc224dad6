import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import {
  type BearerOperation,
  type BearerReadOperation,
  type Operation,
  operations,
} from '@andamio/schema/operations';
import { type Answer, post, type RequestOptions } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';

const takesToken = (operation: object): operation is BearerOperation | BearerReadOperation =>
  'permission' in operation;
const bearerOperations = operations.filter(takesToken);
const withBody = bearerOperations.filter((operation) => 'body' in operation);
const namingKey = withBody.filter(({ body }) => 'api_key_name' in body.schema.shape);
const namingExistingKey = namingKey.filter(({ errors }) => errors.includes(404));
/** Reports whether an operation only reads. One of these operations takes a body. */
const onlyReads = ({ id, method }: Operation) => method === 'get' || id === 'get-daily-usage';

/** Calls an operation with its published example. If `rawBody` is given, it is sent instead. */
async function call(
  url: string,
  operation: BearerOperation | BearerReadOperation,
  token?: string,
  rawBody?: string,
) {
  if ('body' in operation) {
    const options = {
      ...(token !== undefined && { token }),
      ...(rawBody !== undefined && { rawBody }),
    };
    return post(`${url}${operation.path}`, operation.body.example, options);
  }
  const headers: Record<string, string> = { authorization: `Bearer ${token ?? tokenFor('user')}` };
  const response = await fetch(`${url}${operation.path}`, { headers });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

/** Headers whose values differ between otherwise equal responses. */
const volatile = new Set([
  'date',
  'x-request-id',
  'ratelimit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
]);

function comparable({ status, headers, body }: Answer) {
  return { status, body, headers: [...headers].filter(([name]) => !volatile.has(name)) };
}

test('there are operations that take a token, some with a body, some with the name of a key', () => {
  for (const some of [bearerOperations, withBody, namingKey])
    expect(some.length).toBeGreaterThanOrEqual(4);
  expect(namingExistingKey.length).toBeGreaterThanOrEqual(3);
});

describe.each(bearerOperations.map((operation) => [operation.id, operation] as const))(
  '%s',
  (id, operation) => {
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
    ])(`${id} with the scope %j is allowed: %s`, async (scope, allowed) => {
      const answer = await call(app.url, operation, tokenFor(`scope ${scope}`, { scope }));
      if (allowed) expect([200, 404]).toContain(answer.status);
      else expectError(answer, 403, 'insufficient_scope');
    });

    test(`${id} requires apikey:read if it only reads, else apikey:write`, () => {
      expect(operation.permission).toBe(onlyReads(operation) ? 'apikey:read' : 'apikey:write');
    });

    test(`${id} allows a token without scope`, async () => {
      expect([200, 404]).toContain((await call(app.url, operation, tokenFor('session'))).status);
    });

    test(`${id} responds with 403 to an unknown tier`, async () => {
      expectError(
        await call(app.url, operation, tokenFor('tier', { tier: 'gold' })),
        403,
        'unknown_tier',
      );
    });

    test(`${id} responds with 401 and WWW-Authenticate to an invalid token`, async () => {
      const answer = await call(app.url, operation, 'garbage');
      expectError(answer, 401, 'unauthenticated');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    });

    test(`${id} responds with 401 to a missing token before it checks the body`, async () => {
      const { method, path } = operation;
      const response = await fetch(`${app.url}${path}`, {
        method,
        ...(method === 'post' && { body: 'not JSON' }),
      });
      const body = (await response.json()) as Record<string, unknown>;
      expectError(
        { status: response.status, headers: response.headers, body },
        401,
        'unauthenticated',
      );
    });

    test(`${id} responds with 429 and Retry-After when the rate limit of the user is exceeded`, async () => {
      const token = tokenFor('hasty', { tier: 'pioneer' });
      for (let sent = 0; sent < 20; sent++) {
        expect((await call(app.url, operation, token)).headers.get('x-error-code')).not.toBe(
          'rate_limited',
        );
      }
      const answer = await call(app.url, operation, token);
      expectError(answer, 429, 'rate_limited');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    test.each([
      [
        'a store that is down',
        new StoreUnavailableError('password hunter2'),
        'store_unavailable',
        /Nothing was written/,
      ],
      [
        'a write with an unknown outcome',
        new OutcomeUnknownError('password hunter2'),
        'outcome_unknown',
        /It may have succeeded/,
      ],
      [
        'an unexpected error',
        new TypeError('password hunter2'),
        'internal',
        /^The cause was logged/,
      ],
    ])(`${id} responds with 500 without internals to %s`, async (_what, error, code, details) => {
      const failing = await startApp({ store: storeThatThrows(error) });
      onTestFinished(() => failing.close());
      const answer = await call(failing.url, operation);
      expectError(answer, 500, code);
      expect(answer.body['details']).toMatch(details);
      expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
    });
  },
);

describe.each(withBody.map((operation) => [operation.id, operation] as const))(
  'the body of %s',
  (id, operation) => {
    let app: TestApp;
    beforeAll(async () => {
      app = await startApp();
    });
    afterAll(() => app.close());

    test.each([
      ['an empty body', '', 'invalid_body'],
      ['a truncated object', '{"api_key_name": "hunter2"', 'invalid_body'],
      ['an array', '["hunter2"]', 'invalid_body'],
      ['null', 'null', 'invalid_body'],
      ['a missing required field', '{"name": "hunter2"}', 'missing_field'],
      [
        'a missing required field and an invalid one',
        '{"expires_in_days": "hunter2"}',
        'missing_field',
      ],
      [
        'a required field in __proto__',
        '{"__proto__": {"api_key_name": "hunter2"}}',
        'missing_field',
      ],
      [
        'more than 16 KiB',
        JSON.stringify({ api_key_name: 'hunter2'.repeat(3_000) }),
        'body_too_large',
      ],
    ])(`${id} responds with 400 to %s`, async (_what, rawBody, code) => {
      const answer = await call(app.url, operation, tokenFor('body'), rawBody);
      expectError(answer, 400, code);
      expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
    });

    test(`${id} responds with 400 to another content type`, async () => {
      const headers = { 'content-type': 'text/plain' };
      expectError(
        await post(`${app.url}${operation.path}`, operation.body.example, { headers }),
        400,
        'invalid_body',
      );
    });
  },
);

describe.each(namingKey.map((operation) => [operation.id, operation] as const))(
  'the name for %s',
  (id, operation) => {
    let app: TestApp;
    beforeAll(async () => {
      app = await startApp();
    });
    afterAll(() => app.close());

    test.each([
      'null',
      '42',
      '["hunter2"]',
      '"ab"',
      '"\\u0000hunter2"',
      '"hunter2\\ud800"',
      `"${'x'.repeat(101)}"`,
    ])(`${id} responds with 422 to the name %s without repeating it`, async (json) => {
      // The last of repeated JSON members counts (contract, part C).
      const rawBody = `${JSON.stringify(operation.body.example).slice(0, -1)}, "api_key_name": ${json}}`;
      const answer = await call(app.url, operation, tokenFor('body'), rawBody);
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toMatch(/^api_key_name must /);
      expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    });
  },
);

describe.each(namingExistingKey)('$path', ({ path, body: { example } }) => {
  test(`${path} responds with the same 404 to another user's key and to an unknown name`, async () => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const send = (api_key_name: string, options?: RequestOptions) =>
      post(`${app.url}${path}`, { ...example, api_key_name }, options);
    const issued = await post(`${app.url}/api/v1/apikey/request`, {
      api_key_name: 'theirs',
      expires_in_days: 1,
    });
    expect(issued.status).toBe(200);
    const token = tokenFor('another user');
    const theirs = await send('theirs', { token });
    const unknown = await send('unknown', { token });
    expectError(theirs, 404, 'no_such_key');
    expect(theirs.body['details']).toBe('api_key_name is not the name of one of your keys.');
    expect(comparable(theirs)).toEqual(comparable(unknown));
    expect((await send('theirs')).status).toBe(200);
  });
});
