import type { IncomingMessage } from 'node:http';
import type { FoundKey } from '@andamio/keys/model';
import { StoreUnavailableError } from '@andamio/keys/store';
import {
  type KeyVerifier,
  StaleReadError,
  type VerifiedKey,
} from '@andamio/verification/verify-key';
import { apiKeyOf, bearerToken, type IsGuard } from '../auth/credentials.ts';
import type { Principal } from '../auth/principal.ts';
import type { VerifyToken } from '../auth/verify-token.ts';
import type { Counted } from '../counters/counters.ts';
import type { Exchange } from './exchange.ts';
import { charge, type Limit, type RequestCount, refund } from './limits/limit.ts';
import {
  CredentialsRefusedError,
  isUnverifiable,
  VerificationUnavailableError,
} from './response/errors.ts';

export interface AuthenticationDependencies {
  readonly verifyToken: VerifyToken;
  readonly verifier: KeyVerifier<FoundKey>;
  readonly isGuard: IsGuard;
  readonly addressLimit: Limit<string>;
}

/**
 * Authenticates requests. Each request is counted against the limit of its client address. The
 * count is refunded once the credentials are verified (contract, "Failures"), or if they could not
 * be verified because of an outage. A request that the limit refuses is not counted.
 *
 * `user` and `key` throw CredentialsRefusedError if they refuse the credentials, and HttpError
 * `rate_limited` if the address limit is exceeded.
 */
export interface Authentication {
  /**
   * Verifies the token of a request and resolves to the token's user.
   *
   * @throws {SigningKeysUnavailableError}
   */
  user(exchange: Exchange, count: RequestCount): Promise<Principal>;
  /**
   * Returns the API key of a request if this process has verified the key recently. The address
   * limit does not apply to such a request.
   */
  cachedKey(request: IncomingMessage): VerifiedKey<FoundKey> | undefined;
  /**
   * Verifies the API key of a request. Called if the key is not cached. The address limit applies
   * neither to a guard nor to a key that was valid when this process last verified it, unless the
   * key is refused. Concurrent requests with one key count as one until the key is refused.
   *
   * @throws {@link VerificationUnavailableError}
   */
  key(exchange: Exchange, count: RequestCount): Promise<VerifiedKey<FoundKey>>;
  /**
   * Reports whether a request with an API key comes from a guard. The address limit does not apply
   * to guards, because they send requests for many clients.
   */
  readonly isGuard: IsGuard;
}

const isFulfilled = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => true,
    () => false,
  );

export function createAuthentication(dependencies: AuthenticationDependencies): Authentication {
  const { verifyToken, verifier, isGuard, addressLimit } = dependencies;

  async function verifyUser(token: string | undefined): Promise<Principal> {
    const principal = token === undefined ? 'no_token' : await verifyToken(token);
    if (typeof principal !== 'string') return principal;
    throw new CredentialsRefusedError('unauthenticated', principal);
  }

  async function verifyKey(sent: string | undefined): Promise<VerifiedKey<FoundKey>> {
    if (sent === undefined) throw new CredentialsRefusedError('invalid_key', 'no_key');
    try {
      const verified = await verifier.verify(sent);
      if (verified !== undefined) return verified;
    } catch (cause) {
      if (!(cause instanceof StoreUnavailableError || cause instanceof StaleReadError)) throw cause;
      throw new VerificationUnavailableError('The key could not be looked up.', { cause });
    }
    throw new CredentialsRefusedError('invalid_key', verifier.refusalReason(sent));
  }

  /**
   * Refunds the count of a request unless its credentials are refused. After an unexpected error,
   * the request stays counted.
   */
  async function refundUnlessRefused<Result>(
    address: string,
    counted: Counted,
    verifying: Promise<Result>,
  ): Promise<Result> {
    try {
      const result = await verifying;
      await refund(addressLimit, address, counted);
      return result;
    } catch (error) {
      if (isUnverifiable(error)) await refund(addressLimit, address, counted);
      throw error;
    }
  }

  /** The keys that are being looked up, each with the count of the request that it is for. */
  const lookups = new Map<string, Promise<unknown>>();

  /**
   * Verifies a key that was valid before, or that is being looked up for another request. The
   * request is counted only if it is refused.
   *
   * Its answer must not reveal that the key was valid, so it shows the address limit like any other
   * refusal.
   */
  async function verifyBeforeCounting(
    sent: string,
    address: string,
    count: RequestCount,
  ): Promise<VerifiedKey<FoundKey>> {
    try {
      return await verifyKey(sent);
    } catch (error) {
      if (error instanceof CredentialsRefusedError) await count.consume(addressLimit, address);
      else if (isUnverifiable(error)) await count.peek(addressLimit, address);
      else count.note(addressLimit, address, await charge(addressLimit, address));
      throw error;
    }
  }

  return {
    isGuard,

    async user({ request, address }, count) {
      const counted = await count.consume(addressLimit, address);
      return refundUnlessRefused(address, counted, verifyUser(bearerToken(request)));
    },

    cachedKey(request) {
      const sent = apiKeyOf(request);
      return sent === undefined ? undefined : verifier.cached(sent);
    },

    async key({ request, address }, count) {
      const sent = apiKeyOf(request);
      if (isGuard(request)) return verifyKey(sent);
      if (sent === undefined) {
        await count.consume(addressLimit, address);
        return verifyKey(sent);
      }
      const earlier = lookups.get(sent);
      if (verifier.wasValid(sent) || (earlier !== undefined && (await isFulfilled(earlier))))
        return verifyBeforeCounting(sent, address, count);
      const counting = count.consume(addressLimit, address);
      lookups.set(sent, counting);
      try {
        return await refundUnlessRefused(address, await counting, verifyKey(sent));
      } finally {
        lookups.delete(sent);
      }
    },
  };
}
