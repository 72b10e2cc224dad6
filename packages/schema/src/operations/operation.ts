import type * as z from 'zod';
import type { ErrorStatus } from '../errors.ts';

/** What a token's `scope` must name for an operation (service contract, "The JWT"). */
export type Scope = 'apikey:read' | 'apikey:write';

interface OperationBase {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** The whole path, base path included. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly success: { readonly description: string; readonly schema: z.ZodType; readonly example?: unknown };
  /** The statuses of its errors, in the order in which the reference lists them. */
  readonly errors: readonly ErrorStatus[];
}

/** An operation that anybody may call; only the limit by client address holds. */
export interface PublicOperation extends OperationBase {
  readonly security: 'none';
}

/** An operation that takes the Bearer JWT: limits by client address and by user hold, and the token must permit it. */
interface BearerBase extends OperationBase {
  readonly security: 'bearer';
  readonly permission: Scope;
}

/** One that reads what is the user's own: all it needs is who asks. */
export interface BearerReadOperation extends BearerBase {
  readonly method: 'get';
}

/** One that is told by a body what to do, or what to read. */
export interface BearerOperation<Body extends z.ZodObject = z.ZodObject> extends BearerBase {
  readonly method: 'post';
  readonly body: { readonly description: string; readonly schema: Body; readonly example: z.input<Body> };
  /** Whether it takes `Idempotency-Key`: a client that lost the answer may repeat it. */
  readonly repeatable?: true;
}

/**
 * One that takes a key in place of a token: limits by client address and by the key's owner hold. Any method and any path
 * below answer alike: a proxy that asks keeps those of the request that it has.
 */
export interface KeyOperation extends OperationBase {
  readonly method: 'get';
  readonly security: 'apiKey';
}

export type Operation = PublicOperation | KeyOperation | BearerReadOperation | BearerOperation;

/** What a caller sends as an operation's body, before defaults; `never` for an operation without one. */
export type BodyOf<Op extends Operation> = Op extends { readonly body: { readonly schema: infer Schema } }
  ? z.input<Schema>
  : never;

/** What an operation answers with 200. */
export type AnswerOf<Op extends Operation> = z.output<Op['success']['schema']>;
