import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '@andamio/schema/errors';
import type { VerifiedKey } from '@andamio/verification/verify-key';
import type { Principal } from '../auth/principal.ts';
import type { CredentialRefusal } from '../auth/refusals.ts';
import type { Owner } from '../keys/owner.ts';
import type { FoundKey } from '../keys/store.ts';
import type { Standing } from './limits/headers.ts';

/** What the steps of a request tell each other, on `response.locals`. */
export interface RequestLocals {
  readonly requestId: string;
  /** Where the client is, as far as proxies are believed; empty where the connection is gone already. */
  readonly address: string;
  /**
   * What the request is for: its method, the path as the route has it, and whether it is one of very many, of which a good answer is worth a
   * line only to who looks closely.
   */
  route?: { readonly method: string; readonly path: string; readonly routine?: boolean };
  /** How the client stands with the limit that was looked at last. */
  standing?: Standing;
  /** Whom the token names. */
  principal?: Principal;
  /** The key that was sent and is good. */
  verifiedKey?: VerifiedKey<FoundKey>;
  /** Who may do what is asked. */
  owner?: Owner;
  /** Whether a refusal says why in its `details`: in development. */
  readonly explainsRefusals: boolean;
  /** The code of the error that is the answer. */
  errorCode?: ErrorCode;
  /** Why credentials were refused; for the log, and in development for `details`. */
  reason?: CredentialRefusal;
  /** Why the answer is a 500; for the log alone. */
  cause?: unknown;
}

/** A response, whether or not Express is to have it. */
export type LocalResponse = ServerResponse & { locals: RequestLocals };

declare global {
  namespace Express {
    interface Locals extends RequestLocals {}
  }
}
