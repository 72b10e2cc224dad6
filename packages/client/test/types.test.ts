import type { ErrorCode } from '@andamio/schema/errors';
import type * as contract from '@andamio/schema/operations';
import type { RequestBodyOf, ResponseBodyOf } from '@andamio/schema/operations';
import { expectTypeOf, test } from 'vitest';
import type {
  ApiError,
  ApiErrorCode,
  CallOptions,
  Client,
  IdempotentCallOptions,
} from '../src/index.ts';
import { ApiError as ApiErrorValue } from '../src/index.ts';

// The compiler checks these assertions during `typecheck`. At runtime they have no effect.

/** The names of the contract's exports that have the given property. */
type NamesWith<Property extends string> = {
  [Name in keyof typeof contract]: (typeof contract)[Name] extends Readonly<
    Record<Property, unknown>
  >
    ? Name
    : never;
}[keyof typeof contract];
type Operations = Pick<typeof contract, NamesWith<'path'>>;
type WithBody = NamesWith<'body'>;

test("request and response bodies have the contract's types", () => {
  expectTypeOf<'requestApiKey' | 'getDailyUsage'>().toExtend<WithBody>();
  expectTypeOf<'getUser'>().not.toExtend<WithBody>();
  expectTypeOf<keyof Client>().toEqualTypeOf<keyof Operations>();
  expectTypeOf<{
    [Name in keyof Client]: Awaited<ReturnType<Client[Name]>>;
  }>().toEqualTypeOf<{ [Name in keyof Client]: ResponseBodyOf<Operations[Name]> }>();
  expectTypeOf<{
    [Name in WithBody]: Parameters<Client[Name]>[0];
  }>().toEqualTypeOf<{ [Name in WithBody]: RequestBodyOf<Operations[Name]> }>();
  expectTypeOf<Client['verifyApiKey']>().parameter(0).toEqualTypeOf<string>();
  expectTypeOf<Client['requestApiKey']>()
    .parameter(1)
    .toEqualTypeOf<IdempotentCallOptions | undefined>();
  expectTypeOf<Client['getUser']>().parameter(0).toEqualTypeOf<CallOptions | undefined>();
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
