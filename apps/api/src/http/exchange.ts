import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@andamio/schema/errors';
import type { CredentialRefusal } from '../auth/refusals.ts';

/**
 * Facts about a request for its log line, except the response status. A property is absent until
 * its value is known.
 */
interface RequestReport {
  /**
   * The path as the route defines it. Successful requests to a `routine` route are frequent, so
   * they are logged at `debug`.
   */
  route?: { readonly path: string; readonly routine?: boolean };
  /**
   * The user id from the verified credentials. It is not logged. Refusals by a rate limit are
   * sampled per user.
   */
  userId?: string;
  refusal?: {
    readonly code: ErrorCode;
    /** The reason for refusing the credentials. */
    readonly reason: CredentialRefusal | undefined;
  };
  /** The error that caused the response, if the response does not disclose it. */
  cause?: unknown;
}

/**
 * A request, its response, and the facts about the request that are known before the first step of
 * the pipeline.
 */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** The client's address, according to the trusted proxies. Empty if the connection is closed. */
  readonly address: string;
  /**
   * Facts about the request for its log line. The steps set its properties, and only the log reads
   * them.
   */
  readonly report: RequestReport;
}

declare global {
  namespace Express {
    interface Locals {
      readonly exchange: Exchange;
    }
  }
}
