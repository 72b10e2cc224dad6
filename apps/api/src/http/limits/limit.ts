import type { FoundKey } from '@andamio/keys/model';
import type { Keys } from '@andamio/keys/set-up';
import { maximumReportedKeys } from '@andamio/schema/operations';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { defaultTier, tiers } from '@andamio/schema/tiers';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Principal } from '../../auth/principal.ts';
import type { Clock } from '../../clock.ts';
import {
  type Counted,
  type Counters,
  type CreateCounters,
  counterKey,
  type KeyCounters,
} from '../../counters/counters.ts';
import { memoizeWeak } from '../memoize-weak.ts';
import { HttpError } from '../response/errors.ts';
import type { LimitStatus } from './headers.ts';

/**
 * A limit per minute on the requests of each subject, such as a client address or a user. Its
 * functions return the counter key and the maximum of a subject.
 */
export interface Limit<Subject> {
  readonly name: LimitStatus['name'];
  readonly counters: Counters;
  /** Returns the current time in Unix milliseconds, by the clock of the counters. */
  readonly now: () => number;
  /** Returns the counter key of a subject. */
  readonly keyOf: (subject: Subject) => string;
  readonly maximumOf: (subject: Subject) => number;
  /**
   * Updates what `maximumOf` depends on. Called before a request is refused, because the maximum
   * may have increased.
   */
  readonly refresh?: (subject: Subject) => Promise<void>;
}

/**
 * Prefix length of the IPv6 networks that count as one address. Providers assign a /56 or larger
 * network to each customer.
 */
const ipv6Subnet = 56;

/** Returns the counter key of a client address. */
export const addressKey = (address: string) => ipKeyGenerator(address, ipv6Subnet);

/** What limits are created from. */
export interface LimitDependencies {
  readonly createCounters: CreateCounters;
  /** The clock of the counters. */
  readonly clock: Clock;
}

function createLimit<Subject>(
  { createCounters, clock }: LimitDependencies,
  limit: Omit<Limit<Subject>, 'counters' | 'now'>,
): Limit<Subject> {
  return { ...limit, counters: createCounters(limit.name, rateLimitWindow), now: clock.now };
}

/** Creates the limit on requests per client address. It applies before credentials are verified. */
export function limitAddresses(perMinute: number, dependencies: LimitDependencies): Limit<string> {
  return createLimit(dependencies, {
    name: 'address',
    keyOf: addressKey,
    maximumOf: () => perMinute,
  });
}

/**
 * Creates the limit on reported keys per client address. The first key of each report is not
 * counted, because the report itself counts as a request. The limit is separate from the limit on
 * requests, so that a few reports do not use up the requests of others behind the same address. Its
 * maximum always allows a full report.
 */
export function limitReportedKeys(
  perMinute: number,
  dependencies: LimitDependencies,
): Limit<string> {
  return createLimit(dependencies, {
    name: 'report',
    keyOf: addressKey,
    maximumOf: () => Math.max(perMinute, maximumReportedKeys),
  });
}

/** The highest limit per minute of a tier. */
const highestMaximum = Math.max(
  ...Object.values(tiers).map(({ requestsPerMinute }) => requestsPerMinute),
);

/**
 * Creates the limit on requests with a token, per user. The maximum is that of the user's tier,
 * according to the newest tier claim that this process has seen in tokens and in the store. Before
 * a request is refused, the stored claim is read, because the tier may have been raised since the
 * token was issued. A token with an unknown tier gets the maximum of the default tier.
 */
export function limitUsers(
  dependencies: LimitDependencies,
  { knownTiers, refreshTier }: Pick<Keys, 'knownTiers' | 'refreshTier'>,
): Limit<Principal> {
  const maximumOf = ({ userId, tier: named, tokenIssuedAt }: Principal) => {
    const tier = named && knownTiers.note(userId, { tier: named, issuedAt: tokenIssuedAt });
    return tiers[tier ?? defaultTier].requestsPerMinute;
  };
  return createLimit(dependencies, {
    name: 'user',
    keyOf: ({ userId }: Principal) => counterKey(userId),
    maximumOf,
    async refresh(principal: Principal) {
      if (principal.tier !== undefined && maximumOf(principal) < highestMaximum)
        await refreshTier(principal.userId);
    },
  });
}

/** The limit on requests with an API key. */
export interface KeyLimit extends Limit<FoundKey> {
  readonly counters: KeyCounters;
}

/**
 * Creates the limit on requests with an API key, per owner. Requests with any of an owner's keys
 * are counted together. The maximum is that of the owner's tier.
 */
export function limitKeys(counters: KeyCounters, { now }: Clock): KeyLimit {
  return {
    name: 'key',
    counters,
    now,
    keyOf: memoizeWeak(({ record }: FoundKey) => counterKey(record.userId)),
    maximumOf: ({ tier }: FoundKey) => tiers[tier].requestsPerMinute,
  };
}

/** The part of a {@link Limit} that counts. */
export type Counting<Subject> = Pick<Limit<Subject>, 'counters' | 'keyOf' | 'maximumOf' | 'now'>;

/**
 * Subtracts a counted request from a limit's counter, unless the window in which it was counted has
 * ended. The next window would otherwise allow one request more. A request beyond the maximum was
 * not counted (see {@link charge}).
 */
export async function refund<Subject>(
  { counters, keyOf, maximumOf, now }: Counting<Subject>,
  subject: Subject,
  { totalHits, resetTime }: Counted,
): Promise<void> {
  if (totalHits <= maximumOf(subject) && now() < +resetTime)
    await counters.decrement(keyOf(subject));
}

/**
 * Counts a request against a limit, unless it exceeds the maximum. The counter therefore never
 * exceeds the maximum, and a refund makes room for another request. Does not refuse the request.
 */
export async function charge<Subject>(
  { counters, keyOf, maximumOf }: Counting<Subject>,
  subject: Subject,
): Promise<Counted> {
  return counters.increment(keyOf(subject), 1, maximumOf(subject));
}

/** The code of the error for a limit that is exceeded. */
export type LimitCode = 'rate_limited' | 'too_many_wrong_codes';

/**
 * Returns the error for a limit that is exceeded. Its `Retry-After` is the time until the window
 * ends.
 *
 * @param now the current time in Unix milliseconds.
 */
export function limitExceeded(code: LimitCode, { resetTime }: Counted, now: number): HttpError {
  return new HttpError(code, undefined, Math.max(1, Math.ceil((+resetTime - now) / 1000)));
}

/**
 * Counts one request against several limits, and keeps the latest limit status for the response
 * headers.
 */
export class RequestCount {
  /** The status of the most recently consumed limit. Undefined until a limit is consumed. */
  status: LimitStatus | undefined;

  /**
   * Counts the request against a limit. A request that is refused is not counted.
   *
   * @throws {@link HttpError} `rate_limited` if the limit is exceeded.
   */
  async consume<Subject>(limit: Limit<Subject>, subject: Subject): Promise<Counted> {
    const maximum = limit.maximumOf(subject);
    const counted = await charge(limit, subject);
    if (counted.totalHits > maximum) {
      await limit.refresh?.(subject);
      if (limit.maximumOf(subject) > maximum) return this.consume(limit, subject);
    }
    this.record(limit, subject, counted);
    return counted;
  }

  /** Like {@link consume}, for the limit on requests with an API key, whose counters are in memory. */
  consumeKey(limit: KeyLimit, found: FoundKey): void {
    this.record(limit, found, limit.counters.increment(limit.keyOf(found)));
  }

  /**
   * Counts several requests against a limit. If the limit does not allow all of them, counts none,
   * so that a smaller number may still be allowed.
   *
   * @throws {@link HttpError} `rate_limited` if the limit would be exceeded.
   */
  async consumeMany<Subject>(
    limit: Limit<Subject>,
    subject: Subject,
    requests: number,
  ): Promise<void> {
    if (requests === 0) return;
    const { counters, keyOf, maximumOf, now } = limit;
    const maximum = maximumOf(subject);
    const counted = await counters.increment(keyOf(subject), requests, maximum);
    if (counted.totalHits <= maximum) return;
    this.note(limit, subject, counted);
    throw limitExceeded('rate_limited', counted, now());
  }

  /**
   * Updates {@link status} after the request was counted against a limit.
   *
   * @throws {@link HttpError} `rate_limited` if the limit is exceeded.
   */
  record<Subject>(limit: Limit<Subject>, subject: Subject, counted: Counted): void {
    const { maximum } = this.note(limit, subject, counted);
    if (counted.totalHits > maximum) throw limitExceeded('rate_limited', counted, limit.now());
  }

  /** Updates {@link status} with a limit against which the request is not counted. */
  async peek<Subject>(limit: Limit<Subject>, subject: Subject): Promise<void> {
    const { counters, keyOf, now } = limit;
    const newWindow = { totalHits: 0, resetTime: new Date(now() + rateLimitWindow) };
    this.note(limit, subject, (await counters.get(keyOf(subject))) ?? newWindow);
  }

  /** Like {@link record}, but does not refuse the request. Returns the status. */
  note<Subject>(
    limit: Limit<Subject>,
    subject: Subject,
    { totalHits, resetTime }: Counted,
  ): LimitStatus {
    const maximum = limit.maximumOf(subject);
    this.status = {
      name: limit.name,
      key: limit.keyOf(subject),
      maximum,
      remaining: Math.max(0, maximum - totalHits),
      resetAt: +resetTime,
    };
    return this.status;
  }

  /**
   * Counts requests against the most recently consumed limit: the additional requests that a guard
   * reports. Counts at most as many as the limit still allows. Further requests are dropped.
   *
   * @returns the number of requests counted.
   */
  consumeReported(counters: KeyCounters, reported: number): number {
    const { status } = this;
    const counted = Math.min(reported, status?.remaining ?? 0);
    if (status === undefined || counted === 0) return 0;
    counters.add(status.key, counted);
    this.status = { ...status, remaining: status.remaining - counted };
    return counted;
  }
}
