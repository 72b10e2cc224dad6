/**
 * The policy for retrying a request that may already have been processed:
 *
 * - `always`: retry, because the operation only reads.
 * - `with-key`: retry with the same `Idempotency-Key`. The operation writes, but the service
 *   recognizes the retry by this key.
 * - `never`: do not retry, because the operation could write twice.
 */
export type RetryPolicy = 'always' | 'with-key' | 'never';

/** The kind of credentials that an operation requires: none, the user's JWT, or an API key. */
export type Credentials = 'none' | 'token' | 'key';

/**
 * The properties of an operation that the client needs at runtime. They are plain data so that zod,
 * in which the contract's schemas are written, is not bundled.
 */
export interface OperationDescriptor {
  readonly method: 'GET' | 'POST';
  /** Path of the operation, including `/api/v1`. */
  readonly path: string;
  readonly credentials: Credentials;
  /** `true` if the operation has query parameters. */
  readonly query: boolean;
  /** `true` if the operation has a request body. */
  readonly body: boolean;
  readonly retryPolicy: RetryPolicy;
  /** Fields that are present in every successful response. */
  readonly requiredFields: readonly string[];
}

/** Options of every call. */
export interface CallOptions {
  /**
   * Aborts the call, which then rejects with the code `aborted`. A request that was already sent
   * may still be processed.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call to an operation that accepts `Idempotency-Key`. */
export interface IdempotentCallOptions extends CallOptions {
  /**
   * The `Idempotency-Key` that is sent with every attempt of the call: 1 to 128 visible ASCII
   * characters. A caller that stores the value can repeat the call after a crash and gets the same
   * response. By default, each call generates a new value.
   */
  readonly idempotencyKey?: string | undefined;
}
