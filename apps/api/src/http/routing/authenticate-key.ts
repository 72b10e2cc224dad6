import type { IncomingMessage } from 'node:http';
import { type KeyVerifier, StaleReadError, type VerifiedKey } from '@andamio/verification/verify-key';
import { apiKeyOf } from '../../auth/api-key.ts';
import { type FoundKey, StoreUnavailableError } from '../../keys/store.ts';
import { count, giveBack, type Limit, look } from '../limits/limit.ts';
import type { RequestLocals } from '../locals.ts';
import { CredentialsRefusedError, VerificationUnavailableError } from '../response/errors.ts';

/**
 * Resolves to the key of a request if it is good.
 *
 * @throws {@link HttpError} `invalid_key`, `rate_limited`, and {@link VerificationUnavailableError} where nothing is known of the key and
 *   the store does not answer in time.
 */
export type AuthenticateKey = (request: IncomingMessage, locals: RequestLocals) => Promise<VerifiedKey<FoundKey>>;

async function judge({ verify }: KeyVerifier<FoundKey>, text: string): Promise<VerifiedKey<FoundKey> | undefined> {
  try {
    return await verify(text);
  } catch (cause) {
    if (!(cause instanceof StoreUnavailableError || cause instanceof StaleReadError)) throw cause;
    throw new VerificationUnavailableError('The key could not be looked up.', { cause });
  }
}

/** Makes what authenticates a request by its key, and counts it against the limit of its address where that is not good. */
export function authenticateKey(verifier: KeyVerifier<FoundKey>, addressLimit: Limit): AuthenticateKey {
  return async (request, locals) => {
    const text = apiKeyOf(request);
    const known = text === undefined ? undefined : verifier.known(text);
    if (known !== undefined) {
      await look(addressLimit, locals); // What it would count would be given back at once.
      return known;
    }
    await count(addressLimit, locals);
    if (text === undefined) throw new CredentialsRefusedError('invalid_key', 'no_key');
    const verified = await judge(verifier, text);
    if (verified === undefined) throw new CredentialsRefusedError('invalid_key', verifier.whyRefused(text));
    await giveBack(addressLimit, locals);
    return verified;
  };
}
