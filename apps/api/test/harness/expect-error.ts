import type { Answer } from '@andamio/testing/service-requests';
import { expect } from 'vitest';

/**
 * The messages of the contract. They are repeated here to detect a change, because clients compare
 * them literally.
 */
export const messages: Readonly<Record<number, string>> = {
  400: 'Bad Request: Invalid input.',
  401: 'Unauthorized: Invalid or missing credentials.',
  403: 'Forbidden: Insufficient permissions or tier access.',
  404: 'Not Found: The requested resource does not exist.',
  405: 'Method Not Allowed: This method is not supported here.',
  409: 'Conflict: The request conflicts with the current state.',
  422: 'Unprocessable Entity: Invalid request structure or data.',
  429: 'Too Many Requests: Rate limit or quota exceeded.',
  431: 'Request Header Fields Too Large: The headers exceed the accepted size.',
  500: 'Internal Server Error: An unexpected error occurred.',
  503: 'Service Unavailable: Please try again later.',
};

/**
 * Asserts that a response is an error according to the contract, including its body, status and
 * headers.
 */
export function expectError(answer: Answer, status: number, code: string): void {
  expect(answer.body).toEqual({
    details: expect.any(String),
    message: messages[status],
    statusCode: status,
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('x-error-code')).toBe(code);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
}
