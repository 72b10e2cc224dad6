import type * as contract from '@andamio/schema/operations';
import type { RequestBodyOf, ResponseBodyOf } from '@andamio/schema/operations';
import type { operations } from './generated/contract.ts';

/**
 * When an operation may be sent again although an earlier attempt may have reached the service:
 *
 * - `freely`: it only reads;
 * - `by-key`: it writes, and declares the header `Idempotency-Key`, by which the service knows a repetition;
 * - `never`: it writes, and nothing would keep a repetition from writing twice.
 */
export type Repeats = 'freely' | 'by-key' | 'never';

/** What an operation takes to know who calls: nothing, the JWT that the client was given, or an API key. */
export type Credentials = 'none' | 'token' | 'key';

/** What the client knows of an operation when it runs: plain data, since the contract's own schemas would bring zod. */
export interface OperationFacts {
  readonly method: 'GET' | 'POST';
  /** The whole path, `/api/v1` included. */
  readonly path: string;
  readonly credentials: Credentials;
  /** Whether it takes a body. */
  readonly body: boolean;
  readonly repeats: Repeats;
  /** The members that its answer always has. */
  readonly members: readonly string[];
}

/** The name of an operation: its export in the contract. */
type OperationName = keyof typeof operations;

/** What a caller may say about one call. */
export interface CallOptions {
  /** Ends the call with the code `aborted`, whatever it is doing. What had been sent may have been processed. */
  readonly signal?: AbortSignal | undefined;
}

/** What a caller may say about a call of an operation that declares `Idempotency-Key`. */
export interface IdempotentCallOptions extends CallOptions {
  /**
   * 1 to 128 visible ASCII characters, the same on every attempt of the call. A caller that keeps it can ask again after
   * a crash and gets the same answer. Without it, each call makes its own.
   */
  readonly idempotencyKey?: string | undefined;
}

type OptionsOf<Name extends OperationName> = (typeof operations)[Name]['repeats'] extends 'by-key'
  ? IdempotentCallOptions
  : CallOptions;

type ParametersOf<Name extends OperationName> = (typeof operations)[Name]['credentials'] extends 'key'
  ? [apiKey: string, options?: OptionsOf<Name>]
  : (typeof operations)[Name]['body'] extends true
    ? [body: RequestBodyOf<(typeof contract)[Name]>, options?: OptionsOf<Name>]
    : [options?: OptionsOf<Name>];

/** A method for each published operation, typed by the contract. Every rejection is described at `createClient`. */
export type Client = {
  readonly [Name in keyof typeof operations]: (
    ...parameters: ParametersOf<Name>
  ) => Promise<ResponseBodyOf<(typeof contract)[Name]>>;
};
