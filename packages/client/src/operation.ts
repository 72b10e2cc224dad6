import type * as contract from '@andamio/schema/operations';
import type { RequestBodyOf, ResponseBodyOf } from '@andamio/schema/operations';
import type { operations } from './generated/contract.ts';

/**
 * Whether an operation may be retried although an earlier attempt may have reached the service:
 *
 * - `always`: it only reads.
 * - `with-key`: it writes and accepts `Idempotency-Key`, with which the service recognizes a retry.
 * - `never`: it writes, and a retry could write twice.
 */
export type RetryPolicy = 'always' | 'with-key' | 'never';

/** The authentication of an operation: none, the client's JWT, or an API key. */
export type Credentials = 'none' | 'token' | 'key';

/**
 * The properties of an operation that the client needs at runtime. They are plain data, because the
 * contract's schemas would add zod to the bundle.
 */
export interface OperationDescriptor {
  readonly method: 'GET' | 'POST';
  /** The full path, including `/api/v1`. */
  readonly path: string;
  readonly credentials: Credentials;
  /** Whether the operation takes a body. */
  readonly body: boolean;
  readonly retryPolicy: RetryPolicy;
  /** The fields that a successful response always has. */
  readonly requiredFields: readonly string[];
}

/** The name of an operation's export in the contract. */
type OperationName = keyof typeof operations;

/** Options of a call. */
export interface CallOptions {
  /**
   * Aborts the call with the code `aborted`. A request that was already sent may have been
   * processed.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call to an operation that accepts `Idempotency-Key`. */
export interface IdempotentCallOptions extends CallOptions {
  /**
   * 1 to 128 visible ASCII characters, sent with every attempt of the call. A caller that stores
   * the key can repeat the call after a crash and gets the same response. By default, each call
   * generates its own.
   */
  readonly idempotencyKey?: string | undefined;
}

type OptionsOf<Name extends OperationName> = (typeof operations)[Name]['retryPolicy'] extends 'with-key'
  ? IdempotentCallOptions
  : CallOptions;

type ParametersOf<Name extends OperationName> = (typeof operations)[Name]['credentials'] extends 'key'
  ? [apiKey: string, options?: OptionsOf<Name>]
  : (typeof operations)[Name]['body'] extends true
    ? [body: RequestBodyOf<(typeof contract)[Name]>, options?: OptionsOf<Name>]
    : [options?: OptionsOf<Name>];

/**
 * A method for each published operation, typed by the contract. For its errors, see `createClient`.
 */
export type Client = {
  readonly [Name in keyof typeof operations]: (
    ...parameters: ParametersOf<Name>
  ) => Promise<ResponseBodyOf<(typeof contract)[Name]>>;
};
