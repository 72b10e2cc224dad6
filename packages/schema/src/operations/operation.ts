import type * as z from 'zod';
import type { ErrorStatus } from '../errors.ts';

/** The token scopes that operations require (contract, "The token"). */
export const scopes = ['apikey:read', 'apikey:write'] as const;

export type Scope = (typeof scopes)[number];

interface OperationBase {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** Path of the operation, including the base path. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly success: {
    /** The status of a successful response. Default: 200. */
    readonly status?: 202;
    readonly description: string;
    readonly schema: z.ZodType;
    readonly example?: unknown;
    /**
     * The response headers of this operation, in addition to the headers that every response has.
     */
    readonly headers?: z.ZodObject;
  };
  /** The statuses of error responses, in the order of the reference. */
  readonly errors: readonly ErrorStatus[];
}

/** An operation without authentication. Only the rate limit by client address applies. */
interface PublicBase extends OperationBase {
  readonly security: 'none';
  /**
   * `true` if error bodies have the member `error` of RFC 6749 section 5.2, for programs that know
   * OAuth.
   */
  readonly oauthErrors?: true;
}

/** A public operation without a request body. */
export interface PublicOperation extends PublicBase {
  readonly method: 'get';
}

/** The request body of an operation. */
interface RequestBody<Body extends z.ZodObject> {
  readonly description: string;
  readonly schema: Body;
  readonly example: z.input<Body>;
}

/** A public operation with a request body. */
export interface PublicBodyOperation<Body extends z.ZodObject = z.ZodObject> extends PublicBase {
  readonly method: 'post';
  readonly body: RequestBody<Body>;
}

/**
 * An operation authenticated with a bearer JWT. The token must have the required scope. The rate
 * limits by client address and by user apply.
 */
interface BearerBase extends OperationBase {
  readonly security: 'bearer';
  readonly permission: Scope;
}

/** A bearer operation that reads the user's own data. It has no request body. */
export interface BearerReadOperation<Query extends z.ZodObject = z.ZodObject> extends BearerBase {
  readonly method: 'get';
  /** The parameters of the query string. Other parameters are ignored. */
  readonly query?: Query;
}

/** A bearer operation with a request body. */
export interface BearerOperation<Body extends z.ZodObject = z.ZodObject> extends BearerBase {
  readonly method: 'post';
  readonly body: RequestBody<Body>;
  /** `true` if the operation accepts `Idempotency-Key`, so that clients can retry it safely. */
  readonly repeatable?: true;
}

/**
 * An operation authenticated with an API key. The rate limits by client address and by key owner
 * apply.
 *
 * The service accepts any method, and any path below the operation's path. This is for proxies,
 * whose authorization requests have the method and path of the original request.
 */
export interface KeyOperation extends OperationBase {
  readonly method: 'get';
  readonly security: 'apiKey';
}

/** A published operation. */
export type Operation =
  | PublicOperation
  | PublicBodyOperation
  | KeyOperation
  | BearerReadOperation
  | BearerOperation;

/**
 * The request body of an operation before defaults are applied. `never` for an operation without a
 * request body.
 */
export type RequestBodyOf<Op extends Operation> = Op extends {
  readonly body: { readonly schema: infer Schema };
}
  ? z.input<Schema>
  : never;

/** The body of an operation's successful response. */
export type ResponseBodyOf<Op extends Operation> = z.output<Op['success']['schema']>;

/** The headers that are specific to an operation's successful response. */
export type ResponseHeadersOf<Op extends Operation> = Op extends {
  readonly success: { readonly headers: infer Headers };
}
  ? z.output<Headers>
  : Readonly<Record<string, never>>;
