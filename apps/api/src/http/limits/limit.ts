import { hash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { defaultTier, tiers } from '@andamio/schema/tiers';
import { ipKeyGenerator, type Options, type Store } from 'express-rate-limit';
import { type Principal, tierOf } from '../../auth/principal.ts';
import type { KnownTiers } from '../../keys/known-tiers.ts';
import type { FoundKey } from '../../keys/model.ts';
import { memoizeWeak } from '../memoize-weak.ts';
import { HttpError } from '../response/errors.ts';
import type { LimitStatus } from './headers.ts';

/** Where the counters of one limit are kept: a store of express-rate-limit. */
export interface Counters extends Store {
  /** Counts further requests in a window that has begun. */
  add(key: string, requests: number): Promise<void> | void;
}

/** Creates the counters of the limit with this name. */
export type CreateCounters = (name: string) => Counters;

/** A limit on requests per minute, and whom it limits. */
export interface Limit<Subject> {
  readonly name: LimitStatus['name'];
  readonly counters: Counters;
  /** Returns the key under which the subject's requests are counted. */
  readonly keyOf: (subject: Subject) => string;
  readonly maximumOf: (subject: Subject) => number;
}

/**
 * Prefix length of the IPv6 networks that are counted as one address. Providers give a customer a
 * /56 or a larger network.
 */
const ipv6Subnet = 56;

/** Counters may leave the process; user ids must not. */
const counterKey = (userId: string) => hash('sha256', userId, 'base64url');

function createLimit<Subject>(limit: Limit<Subject>): Limit<Subject> {
  limit.counters.init?.({ windowMs: rateLimitWindow } as Options);
  return limit;
}

/** Limits the requests of a client address. Applies before credentials are verified. */
export function limitAddresses(perMinute: number, createCounters: CreateCounters): Limit<string> {
  return createLimit({
    name: 'address',
    counters: createCounters('address'),
    keyOf: (address: string) => ipKeyGenerator(address, ipv6Subnet),
    maximumOf: () => perMinute,
  });
}

/**
 * Limits the requests of a user with a token to those of the user's tier, according to the newest
 * claim that this process has seen. A token that names no known tier gets the limit of the lowest.
 */
export function limitUsers(createCounters: CreateCounters, knownTiers: KnownTiers): Limit<Principal> {
  return createLimit({
    name: 'user',
    counters: createCounters('user'),
    keyOf: ({ userId }: Principal) => counterKey(userId),
    maximumOf: (principal: Principal) => {
      const { userId, tokenIssuedAt } = principal;
      const named = tierOf(principal);
      const tier = named && knownTiers.note(userId, { tier: named, issuedAt: tokenIssuedAt });
      return tiers[tier ?? defaultTier].requestsPerMinute;
    },
  });
}

/**
 * Limits the requests with keys of one owner, over all the owner's keys, to those of the owner's
 * tier.
 */
export function limitKeys(createCounters: CreateCounters): Limit<FoundKey> {
  return createLimit({
    name: 'key',
    counters: createCounters('key'),
    keyOf: memoizeWeak(({ record }: FoundKey) => counterKey(record.userId)),
    maximumOf: ({ tier }: FoundKey) => tiers[tier].requestsPerMinute,
  });
}

/** Takes a request back that was counted. */
export async function refund<Subject>({ counters, keyOf }: Limit<Subject>, subject: Subject): Promise<void> {
  await counters.decrement(keyOf(subject));
}

/** Counts a request against a limit that does not refuse it. */
export async function charge<Subject>({ counters, keyOf }: Limit<Subject>, subject: Subject): Promise<void> {
  await counters.increment(keyOf(subject));
}

/** Counts a request, and remembers its latest limit status for the headers of the answer. */
export class RequestCount {
  /** The status of the limit that was consumed last. Undefined before that. */
  status: LimitStatus | undefined;

  /**
   * Counts the request against a limit.
   *
   * @throws {@link HttpError} `rate_limited`.
   */
  async consume<Subject>(limit: Limit<Subject>, subject: Subject): Promise<void> {
    const key = limit.keyOf(subject);
    const { totalHits, resetTime } = await limit.counters.increment(key);
    const maximum = limit.maximumOf(subject);
    const resetAt = resetTime?.getTime() ?? Date.now() + rateLimitWindow;
    this.status = { name: limit.name, key, maximum, remaining: Math.max(0, maximum - totalHits), resetAt };
    if (totalHits <= maximum) return;
    const secondsLeft = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
    throw new HttpError('rate_limited', undefined, secondsLeft);
  }

  /**
   * Counts further requests that this one reports, against the limit that was consumed last and up
   * to what remains of it.
   *
   * @returns how many were counted. The rest is dropped.
   */
  async consumeReported(counters: Counters, reported: number): Promise<number> {
    const { status } = this;
    const counted = Math.min(reported, status?.remaining ?? 0);
    if (status === undefined || counted === 0) return 0;
    await counters.add(status.key, counted);
    this.status = { ...status, remaining: status.remaining - counted };
    return counted;
  }
}
