import type { ErrorCode } from '@andamio/schema/errors';
import type { IssuedApiKey, VerifiedApiKey } from '@andamio/schema/operations';
import { expectTypeOf, test } from 'vitest';
import type { ApiError, ApiErrorCode, Client } from '../src/index.ts';
import { ApiError as ApiErrorValue } from '../src/index.ts';

// The compiler checks these assertions during `typecheck`. At runtime they have no effect.

test("request and response bodies have the contract's types", () => {
  expectTypeOf<Client['requestApiKey']>().parameter(0).toEqualTypeOf<{
    api_key_name: string;
    expires_in_days?: number | undefined;
  }>();
  expectTypeOf<Awaited<ReturnType<Client['requestApiKey']>>>().toEqualTypeOf<IssuedApiKey>();
  expectTypeOf<Client['verifyApiKey']>().parameter(0).toEqualTypeOf<string>();
  expectTypeOf<Awaited<ReturnType<Client['verifyApiKey']>>>().toEqualTypeOf<VerifiedApiKey>();
  expectTypeOf<Client['getOpenApiDocument']>()
    .parameter(0)
    .toExtend<{ signal?: AbortSignal | undefined } | undefined>();
});

test('error codes are those of the service and four of the transport', () => {
  type Transport = 'network' | 'timeout' | 'aborted' | 'unexpected_answer';
  expectTypeOf<ApiErrorCode>().toEqualTypeOf<ErrorCode | Transport>();
  expectTypeOf<ApiError['code']>().toEqualTypeOf<ApiErrorCode>();
});

test('the code determines the type of the status', () => {
  expectTypeOf<Extract<ApiError, { code: 'name_taken' }>['status']>().toEqualTypeOf<422>();
  expectTypeOf<
    Extract<ApiError, { code: 'unexpected_answer' }>['status']
  >().toEqualTypeOf<number>();
  expectTypeOf<Extract<ApiError, { status: undefined }>['code']>().toEqualTypeOf<
    'network' | 'timeout' | 'aborted'
  >();
});

type Some = Extract<ApiError, { code: 'name_taken' | 'rate_limited' | 'not_ready' }>;

export function whole(error: Some): string {
  switch (error.code) {
    case 'name_taken':
      return `${error.status satisfies 422}`;
    case 'rate_limited':
      return `${error.retryAfter}`;
    case 'not_ready':
      return `${error.status satisfies 503}`;
    default:
      return error satisfies never;
  }
}

export function lacking(error: Some): string {
  switch (error.code) {
    case 'name_taken':
    case 'rate_limited':
      return error.details;
    default:
      // @ts-expect-error The switch does not handle not_ready, and the compiler says so.
      return error satisfies never;
  }
}

test('instanceof ApiError narrows to the union', () => {
  const narrowed = (error: unknown) => (error instanceof ApiErrorValue ? error : undefined);
  expectTypeOf(narrowed).returns.toEqualTypeOf<ApiError | undefined>();
});
