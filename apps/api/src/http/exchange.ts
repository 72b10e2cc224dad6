import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@andamio/schema/errors';
import type { CredentialRefusal } from '../auth/refusals.ts';

/** What the log line of a request says beside its status. Each part is absent until it is known. */
interface RequestReport {
  /**
   * The method, and the path as the route has it. Successful requests to a `routine` route are so
   * frequent that they are logged at `debug`.
   */
  route?: { readonly method: string; readonly path: string; readonly routine?: boolean };
  /** The user id of a good credential. */
  userId?: string;
  refusal?: {
    readonly code: ErrorCode;
    /** Why credentials were refused. */
    readonly reason: CredentialRefusal | undefined;
  };
  /** The error behind an answer that does not disclose it. */
  cause?: unknown;
}

/** A request, its response, and what is known about the request before any step. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** The client's address, as far as proxies are trusted. Empty if the connection is closed. */
  readonly address: string;
  /** What the log line of the request says. Steps write it; only the log reads it. */
  readonly report: RequestReport;
}

declare global {
  namespace Express {
    interface Locals {
      readonly exchange: Exchange;
    }
  }
}
