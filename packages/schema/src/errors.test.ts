import { describe, expect, test } from 'vitest';
import {
  type ErrorCode,
  errorBody,
  errorBodySchema,
  errorCodeHeader,
  errorCodes,
  errorKinds,
  oauthErrorOf,
  specificDetails,
} from './errors.ts';

/**
 * The statuses and messages on which clients depend. They are repeated here so that a test fails if
 * one of them changes. The type requires an entry for every error code.
 */
const published: Record<ErrorCode, readonly [status: number, message: string]> = {
  invalid_body: [400, 'Bad Request: Invalid input.'],
  body_too_large: [400, 'Bad Request: Invalid input.'],
  missing_field: [400, 'Bad Request: Invalid input.'],
  malformed_request: [400, 'Bad Request: Invalid input.'],
  authorization_pending: [400, 'Bad Request: Invalid input.'],
  slow_down: [400, 'Bad Request: Invalid input.'],
  expired_token: [400, 'Bad Request: Invalid input.'],
  access_denied: [400, 'Bad Request: Invalid input.'],
  headers_too_large: [
    431,
    'Request Header Fields Too Large: The headers exceed the accepted size.',
  ],
  unauthenticated: [401, 'Unauthorized: Invalid or missing credentials.'],
  invalid_signature: [401, 'Unauthorized: Invalid or missing credentials.'],
  invalid_key: [401, 'Unauthorized: Invalid or missing credentials.'],
  unknown_tier: [403, 'Forbidden: Insufficient permissions or tier access.'],
  insufficient_scope: [403, 'Forbidden: Insufficient permissions or tier access.'],
  suspended: [403, 'Forbidden: Insufficient permissions or tier access.'],
  not_found: [404, 'Not Found: The requested resource does not exist.'],
  no_such_key: [404, 'Not Found: The requested resource does not exist.'],
  unknown_user_code: [404, 'Not Found: The requested resource does not exist.'],
  method_not_allowed: [405, 'Method Not Allowed: This method is not supported here.'],
  not_yet_rotatable: [409, 'Conflict: The request conflicts with the current state.'],
  key_expired: [409, 'Conflict: The request conflicts with the current state.'],
  device_login_redeemed: [409, 'Conflict: The request conflicts with the current state.'],
  invalid_field: [422, 'Unprocessable Entity: Invalid request structure or data.'],
  expiry_too_late: [422, 'Unprocessable Entity: Invalid request structure or data.'],
  name_taken: [422, 'Unprocessable Entity: Invalid request structure or data.'],
  idempotency_key_reused: [422, 'Unprocessable Entity: Invalid request structure or data.'],
  idempotency_key_outdated: [422, 'Unprocessable Entity: Invalid request structure or data.'],
  rate_limited: [429, 'Too Many Requests: Rate limit or quota exceeded.'],
  too_many_wrong_codes: [429, 'Too Many Requests: Rate limit or quota exceeded.'],
  quota_exceeded: [429, 'Too Many Requests: Rate limit or quota exceeded.'],
  key_limit_reached: [429, 'Too Many Requests: Rate limit or quota exceeded.'],
  internal: [500, 'Internal Server Error: An unexpected error occurred.'],
  store_unavailable: [500, 'Internal Server Error: An unexpected error occurred.'],
  outcome_unknown: [500, 'Internal Server Error: An unexpected error occurred.'],
  signing_keys_unavailable: [500, 'Internal Server Error: An unexpected error occurred.'],
  verification_unavailable: [503, 'Service Unavailable: Please try again later.'],
  not_ready: [503, 'Service Unavailable: Please try again later.'],
};

describe('errors', () => {
  test.each(Object.entries(published))(
    '%s has its published status and message',
    (code, [status, message]) => {
      expect(errorBody(code as ErrorCode, 'why')).toEqual({
        details: 'why',
        message,
        statusCode: status,
      });
    },
  );

  test.each(errorCodes)('%s is in snake case and has default details and a remedy', (code) => {
    expect(published).toHaveProperty(code);
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(errorBody(code).details).toMatch(/^.{10,}\.$/);
    expect(errorKinds[code].remedy).toMatch(/^.{10,}\.$/);
  });

  test.each([
    ...errorCodes.map((code) => errorKinds[code].details),
    specificDetails.idempotencyKey,
    specificDetails.sentTwice('field'),
    specificDetails.pageToken,
    specificDetails.missingField('field'),
    specificDetails.brokenRule('field', 'must be a string'),
    specificDetails.brokenItemRule('list', 'must be a string'),
    specificDetails.maximumDays(90),
  ])('details are sentences, also about a field: %s', (details) => {
    expect(details).toMatch(/\.$/);
    const [field] = /^([a-z]+(_[a-z]+)*|Idempotency-Key):/.exec(details) ?? [];
    expect(field, 'a field with a colon').toBeUndefined();
  });

  test('the code alone distinguishes rate limits from key limits, and taken names from invalid fields', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    expect(errorKinds.rate_limited.status).toBe(errorKinds.key_limit_reached.status);
    expect(errorKinds.name_taken.status).toBe(errorKinds.invalid_field.status);
    expect(errorCodeHeader).toBe('X-Error-Code');
  });

  test('the schema of an error body accepts only bodies of its own status', () => {
    const schema = errorBodySchema(422);
    expect(schema.safeParse(errorBody('name_taken')).success).toBe(true);
    expect(schema.safeParse(errorBody('invalid_body')).success).toBe(false);
    expect(schema.safeParse({ ...errorBody('name_taken'), message: 'Unprocessable' }).success).toBe(
      false,
    );
  });
});

describe('the member `error` of OAuth', () => {
  test.each([
    ['authorization_pending', 'authorization_pending'],
    ['slow_down', 'slow_down'],
    ['expired_token', 'expired_token'],
    ['access_denied', 'access_denied'],
    ['rate_limited', 'slow_down'],
    ['name_taken', 'access_denied'],
    ['key_limit_reached', 'access_denied'],
    ['suspended', 'access_denied'],
    ['expiry_too_late', 'access_denied'],
    ['missing_field', 'invalid_request'],
    ['invalid_field', 'invalid_request'],
    ['store_unavailable', undefined],
    ['outcome_unknown', undefined],
  ] as const)('of %s is %s', (code, error) => {
    expect(oauthErrorOf(code)).toBe(error);
  });
});
