import { type ErrorCode, errorBody } from '@andamio/schema/errors';
import { expect } from 'vitest';
import type { Answer } from './guarded.ts';

/**
 * Asserts that a response is the error with the given code, in the format that the contract
 * specifies.
 */
export function expectRefusal(
  { status, headers, body }: Answer,
  code: ErrorCode,
  details?: string,
): void {
  const expected = errorBody(code, details);
  expect(body).toEqual(expected);
  expect(status).toBe(expected.statusCode);
  expect(headers.get('x-error-code')).toBe(code);
  expect(headers.get('content-type')).toMatch(/^application\/json\b/);
}
