import type { VerifiedKey } from '@andamio/verification/verify-key';
import type { Principal } from '../auth/principal.ts';
import type { Owner } from '../keys/owner.ts';
import type { FoundKey } from '../keys/store.ts';

declare global {
  namespace Express {
    /** What the steps of a request tell each other, on `response.locals`. */
    interface Locals {
      requestId: string;
      /** What the request is for: its method, and the path as the route has it. */
      route?: { readonly method: string; readonly path: string; readonly routine?: boolean };
      /** Whom the token names. */
      principal?: Principal;
      /** The key that was sent and is good. */
      verifiedKey?: VerifiedKey<FoundKey>;
      /** Who may do what is asked. */
      owner?: Owner;
      /** Why the answer is a 500; for the log alone. */
      cause?: unknown;
    }
  }
}
