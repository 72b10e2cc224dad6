import type { IncomingMessage } from 'node:http';
import { type KeyVerifier, StaleReadError, type VerifiedKey } from '@andamio/verification/verify-key';
import { apiKeyOf } from '../../auth/api-key.ts';
import { type FoundKey, StoreUnavailableError } from '../../keys/store.ts';
import { charge, consume, type Limit, refund } from '../limits/limit.ts';
import type { RequestLocals } from '../locals.ts';
import { CredentialsRefusedError, HttpError, VerificationUnavailableError } from '../response/errors.ts';

/**
 * Lets a request with a good key pass, or not: counts it toward its owner's limits.
 *
 * @throws {@link HttpError} `rate_limited`, `quota_exceeded`.
 */
type Admit = (key: VerifiedKey<FoundKey>) => Promise<void>;

/**
 * Resolves to the key of a request if it is good and was admitted.
 *
 * @throws {@link HttpError} `invalid_key`, `rate_limited`, `quota_exceeded`, and {@link VerificationUnavailableError} where nothing is known of
 *   the key and the store does not answer in time.
 */
export type AuthenticateKey = (
  request: IncomingMessage,
  locals: RequestLocals,
  admit: Admit,
) => Promise<VerifiedKey<FoundKey>>;

async function judge({ verify }: KeyVerifier<FoundKey>, text: string): Promise<VerifiedKey<FoundKey> | undefined> {
  try {
    return await verify(text);
  } catch (cause) {
    if (!(cause instanceof StoreUnavailableError || cause instanceof StaleReadError)) throw cause;
    throw new VerificationUnavailableError('The key could not be looked up.', { cause });
  }
}

/**
 * Settles what a request with a good key takes of its address's minute: one request where its owner's limits refuse it, else none.
 *
 * @param taken whether it has taken one already.
 */
async function settleAddress(addressLimit: Limit, locals: RequestLocals, taken: boolean, admitted: Promise<void>) {
  let refused = false;
  try {
    await admitted;
  } catch (error) {
    refused = error instanceof HttpError;
    throw error;
  } finally {
    if (refused && !taken) await charge(addressLimit, locals);
    if (!refused && taken) await refund(addressLimit, locals);
  }
}

/**
 * Authenticates requests by their keys. The limit of the address binds where a key may turn out bad (service contract, "Edges", "Address
 * limit"): a key that is known to be good passes whatever its address has used up, also when what is known of it has to be read anew, and
 * so does every key of a guard, which speaks for many clients.
 */
export function authenticateKey(
  verifier: KeyVerifier<FoundKey>,
  addressLimit: Limit,
  isGuard: (request: IncomingMessage) => boolean,
): AuthenticateKey {
  async function verify(text: string | undefined): Promise<VerifiedKey<FoundKey>> {
    if (text === undefined) throw new CredentialsRefusedError('invalid_key', 'no_key');
    const verified = await judge(verifier, text);
    if (verified === undefined) throw new CredentialsRefusedError('invalid_key', verifier.refusalReason(text));
    return verified;
  }

  return async (request, locals, admit) => {
    const text = apiKeyOf(request);
    const known = text === undefined ? undefined : verifier.cached(text);
    if (known !== undefined) {
      await settleAddress(addressLimit, locals, false, admit(known));
      return known;
    }
    if (isGuard(request)) {
      const verified = await verify(text);
      await admit(verified);
      return verified;
    }
    await (text !== undefined && verifier.wasValid(text) ? charge : consume)(addressLimit, locals);
    const verified = await verify(text);
    await settleAddress(addressLimit, locals, true, admit(verified));
    return verified;
  };
}
