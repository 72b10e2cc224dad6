import { type KeyVerifier, StaleReadError, type VerifiedKey } from '@andamio/verification/verify-key';
import type { RequestHandler } from 'express';
import { apiKeyOf } from '../auth/api-key.ts';
import { type FoundKey, StoreUnavailableError } from '../keys/store.ts';
import { HttpError, VerificationUnavailableError } from './errors.ts';

function notJudged(cause: unknown): unknown {
  return cause instanceof StoreUnavailableError || cause instanceof StaleReadError
    ? new VerificationUnavailableError('The key could not be looked up.', { cause })
    : cause;
}

/** Lets a request in whose key is good. What is known of the key already is answered without waiting. */
export function authenticateKey(verify: KeyVerifier<FoundKey>['verify']): RequestHandler {
  return (request, { locals }, next) => {
    const settle = (verified: VerifiedKey<FoundKey> | undefined) => {
      if (verified === undefined) return next(new HttpError('invalid_key'));
      locals.verifiedKey = verified;
      next();
    };
    const verified = verify(apiKeyOf(request) ?? '');
    if (verified instanceof Promise) verified.then(settle, (error: unknown) => next(notJudged(error)));
    else settle(verified);
  };
}
