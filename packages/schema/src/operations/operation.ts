import type * as z from 'zod';
import type { ErrorStatus } from '../errors.ts';

/** A scope that a token must have for an operation (service contract, "The JWT"). */
export type Scope = 'apikey:read' | 'apikey:write';

interface OperationBase {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** The full path, including the base path. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly success: { readonly description: string; readonly schema: z.ZodType; readonly example?: unknown };
  /** The error statuses, in the order of the reference. */
  readonly errors: readonly ErrorStatus[];
}

/** An operation without authentication. Only the limit by client address applies. */
export interface PublicOperation extends OperationBase {
  readonly security: 'none';
}

/**
 * An operation authenticated with a bearer JWT. The limits by client address and by user apply, and
 * the token needs a scope.
 */
interface BearerBase extends OperationBase {
  readonly security: 'bearer';
  readonly permission: Scope;
}

/** A bearer operation without a request body, which reads the user's own data. */
export interface BearerReadOperation extends BearerBase {
  readonly method: 'get';
}

/** A bearer operation with a request body. */
export interface BearerOperation<Body extends z.ZodObject = z.ZodObject> extends BearerBase {
  readonly method: 'post';
  readonly body: { readonly description: string; readonly schema: Body; readonly example: z.input<Body> };
  /** Whether the operation takes `Idempotency-Key`, so that a client can safely retry it. */
  readonly repeatable?: true;
}

/**
 * An operation authenticated with an API key. The limits by client address and by the key's owner
 * apply. It accepts any method, and any path below its own, because a proxy's sub-request keeps
 * those of the original request.
 */
export interface KeyOperation extends OperationBase {
  readonly method: 'get';
  readonly security: 'apiKey';
}

/** A published operation. */
export type Operation = PublicOperation | KeyOperation | BearerReadOperation | BearerOperation;

/** The request body of an operation, before defaults; `never` for an operation without a body. */
export type RequestBodyOf<Op extends Operation> = Op extends { readonly body: { readonly schema: infer Schema } }
  ? z.input<Schema>
  : never;

/** The body of an operation's 200 response. */
export type ResponseBodyOf<Op extends Operation> = z.output<Op['success']['schema']>;
