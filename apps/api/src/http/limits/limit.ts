import { hash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { defaultTier, type Tier, tiers } from '@andamio/schema/tiers';
import type { VerifiedKey } from '@andamio/verification/verify-key';
import type { RequestHandler } from 'express';
import { type ClientRateLimitInfo, ipKeyGenerator, type Options, rateLimit, type Store } from 'express-rate-limit';
import { type Principal, tierOf } from '../../auth/principal.ts';
import type { KnownTiers } from '../../keys/known-tiers.ts';
import type { FoundKey } from '../../keys/store.ts';
import type { RequestLocals } from '../locals.ts';
import { madeOnce } from '../made-once.ts';
import { HttpError } from '../response/errors.ts';
import type { Standing } from './headers.ts';

/** The place where the counters of one limit are kept. */
export interface Counters extends Store {
  /** Counts so many further requests in a window that has begun. */
  add(key: string, requests: number): Promise<void> | void;
}

/** Makes the place where the counters of one limit are kept. */
export type CreateCounters = (name: string) => Counters;

/** A limit of requests a minute: of whom, how many, and where they are counted. */
export interface Limit {
  readonly name: Standing['name'];
  readonly counters: Counters;
  /** Whose requests are counted together. */
  readonly keyOf: (locals: RequestLocals) => string;
  readonly maximumOf: (locals: RequestLocals) => number;
}

/** Addresses of IPv6 count by the network that one customer is given; providers hand out a /56 or larger. */
const ipv6Subnet = 56;

/** Counters may leave the process; a user id need not. */
const counterKey = (userId: string) => hash('sha256', userId, 'base64url');

function createLimit(limit: Limit): Limit {
  limit.counters.init?.({ windowMs: rateLimitWindow } as Options);
  return limit;
}

/** Limits the requests of a client address before anything is known about who sends them. */
export function limitAddresses(perMinute: number, createCounters: CreateCounters): Limit {
  return createLimit({
    name: 'address',
    counters: createCounters('address'),
    keyOf: ({ address }) => ipKeyGenerator(address, ipv6Subnet),
    maximumOf: () => perMinute,
  });
}

/**
 * Limits the calls of a user with a token to those of the tier that the newest claim names, as far as this process has seen it; of a token
 * that names no known tier, to those of the lowest.
 */
export function limitUsers(createCounters: CreateCounters, knownTiers: KnownTiers): Limit {
  function tierFor(principal: Principal): Tier {
    const tier = tierOf(principal);
    const { userId, tokenIssuedAt } = principal;
    return tier === undefined ? defaultTier : knownTiers.note(userId, { tier, issuedAt: tokenIssuedAt });
  }

  return createLimit({
    name: 'user',
    counters: createCounters('user'),
    keyOf: ({ principal }) => counterKey((principal as Principal).userId),
    maximumOf: ({ principal }) => tiers[tierFor(principal as Principal)].requestsPerMinute,
  });
}

/** Limits the calls of a user with keys, over all its keys together, to those of its tier. */
export function limitKeys(createCounters: CreateCounters): Limit {
  const found = ({ verifiedKey }: RequestLocals) => (verifiedKey as VerifiedKey<FoundKey>).found;
  const ownerOf = madeOnce(({ record }: FoundKey) => counterKey(record.userId));
  return createLimit({
    name: 'key',
    counters: createCounters('key'),
    keyOf: (locals) => ownerOf(found(locals)),
    maximumOf: (locals) => tiers[found(locals).tier].requestsPerMinute,
  });
}

/** A limit as a step of Express. */
export function limiting({ name, counters, keyOf, maximumOf }: Limit): RequestHandler {
  return rateLimit({
    windowMs: rateLimitWindow,
    standardHeaders: 'draft-8',
    legacyHeaders: true,
    identifier: name,
    store: counters,
    limit: (_request, { locals }) => maximumOf(locals as RequestLocals),
    keyGenerator: (_request, { locals }) => keyOf(locals as RequestLocals),
    handler: (_request, _response, next) => next(new HttpError('rate_limited')),
    // How far X-Forwarded-For is believed is TRUST_PROXY_HOPS's to say; the library's guess would only print a warning.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  });
}

/** Gives a request back that was counted. */
export async function refund({ counters, keyOf }: Limit, locals: RequestLocals): Promise<void> {
  await counters.decrement(keyOf(locals));
}

/** Counts a request that is answered all the same, whatever is left. */
export async function charge({ counters, keyOf }: Limit, locals: RequestLocals): Promise<void> {
  await counters.increment(keyOf(locals));
}

/**
 * Refunds a request whose credentials are good, as a step of Express, and charges it again if the answer is 429: one good token would else
 * make its address unlimited (service contract, "Edges", "Address limit").
 */
export function refunding(limit: Limit): RequestHandler {
  return async (_request, response, next) => {
    await refund(limit, response.locals);
    response.removeHeader('RateLimit');
    response.removeHeader('RateLimit-Policy');
    response.once('close', () => {
      // Nobody waits for it; counters that fail report that themselves.
      if (response.statusCode === 429) charge(limit, response.locals).catch(() => {});
    });
    next();
  };
}

/** Notes how a client stands, and refuses it with a number of requests that is over the limit. */
function note({ name, maximumOf }: Limit, key: string, counted: ClientRateLimitInfo, locals: RequestLocals): void {
  const maximum = maximumOf(locals);
  const resetAt = counted.resetTime?.getTime() ?? Date.now() + rateLimitWindow;
  locals.standing = { name, key, maximum, remaining: Math.max(0, maximum - counted.totalHits), resetAt };
  if (counted.totalHits <= maximum) return;
  throw new HttpError('rate_limited', undefined, Math.max(1, Math.ceil((resetAt - Date.now()) / 1000)));
}

/**
 * Counts a request past Express by the same counters, at a tenth of what a step of Express takes.
 *
 * @throws {@link HttpError} `rate_limited`.
 */
export async function consume(limit: Limit, locals: RequestLocals): Promise<void> {
  const key = limit.keyOf(locals);
  note(limit, key, await limit.counters.increment(key), locals);
}

/**
 * Counts further requests for which the one at hand stands, up to what is left of the minute.
 *
 * @returns how many were counted; the rest is dropped.
 */
export async function consumeMore(limit: Limit, locals: RequestLocals, requests: number): Promise<number> {
  const { standing } = locals;
  const counted = Math.min(requests, standing?.remaining ?? 0);
  if (standing === undefined || counted === 0) return 0;
  await limit.counters.add(limit.keyOf(locals), counted);
  locals.standing = { ...standing, remaining: standing.remaining - counted };
  return counted;
}
