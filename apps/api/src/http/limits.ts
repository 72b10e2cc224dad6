import { createHash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { defaultTier, tiers } from '@andamio/schema/tiers';
import type { VerifiedKey } from '@andamio/verification/verify-key';
import type { RequestHandler, Response } from 'express';
import { ipKeyGenerator, type Options, rateLimit, type Store } from 'express-rate-limit';
import { type Principal, tierOf } from '../auth/principal.ts';
import type { FoundKey } from '../keys/store.ts';
import { HttpError } from './errors.ts';

/** Makes the place where the counters of one limit are kept. */
export type CreateCounters = (name: string) => Store;

/** Addresses of IPv6 count by the network that one customer is given; providers hand out a /56 or larger. */
const ipv6Subnet = 56;

const common = {
  windowMs: rateLimitWindow,
  standardHeaders: 'draft-8',
  legacyHeaders: true,
  handler: (_request, _response, next) => next(new HttpError('rate_limited')),
  // How far X-Forwarded-For is believed is TRUST_PROXY_HOPS's to say; the library's guess would only print a warning.
  validate: { xForwardedForHeader: false, forwardedHeader: false },
} satisfies Partial<Options>;

export interface AddressLimit {
  /** Refuses an address that has exhausted its requests a minute. */
  readonly check: RequestHandler;
  /** Gives back the request of a client whose credentials turned out good: only the others exhaust the limit. */
  readonly giveBack: RequestHandler;
}

/** Limits the requests of a client address before anything is known about who sends them. */
export function limitAddresses(perMinute: number, createCounters: CreateCounters): AddressLimit {
  const counters = createCounters('address');
  return {
    check: rateLimit({
      ...common,
      identifier: 'address',
      limit: perMinute,
      store: counters,
      keyGenerator: ({ ip }) => ipKeyGenerator(ip ?? '', ipv6Subnet),
    }),
    giveBack: async (request, response, next) => {
      await counters.decrement(ipKeyGenerator(request.ip ?? '', ipv6Subnet));
      response.removeHeader('RateLimit');
      response.removeHeader('RateLimit-Policy');
      next();
    },
  };
}

/** Counters may leave the process; a user id need not. */
const counterKey = (userId: string) => createHash('sha256').update(userId).digest('base64url');

/** Limits the calls of a user with a token to those of its tier; of a token that names no known tier, to those of the lowest. */
export function limitUsers(createCounters: CreateCounters): RequestHandler {
  return rateLimit({
    ...common,
    identifier: 'user',
    limit: (_request, { locals }) => tiers[tierOf(locals.principal as Principal) ?? defaultTier].requestsPerMinute,
    store: createCounters('user'),
    keyGenerator: (_request, { locals }) => counterKey((locals.principal as Principal).userId),
  });
}

/** Limits the calls of a user with keys, over all its keys together, to those of its tier. */
export function limitKeys(createCounters: CreateCounters): RequestHandler {
  const found = ({ locals }: Response) => (locals.verifiedKey as VerifiedKey<FoundKey>).found;
  return rateLimit({
    ...common,
    identifier: 'key',
    limit: (_request, response) => tiers[found(response).tier].requestsPerMinute,
    store: createCounters('key'),
    keyGenerator: (_request, response) => counterKey(found(response).record.userId),
  });
}
