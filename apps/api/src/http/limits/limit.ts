import type { FoundKey } from '@andamio/keys/model';
import type { Keys } from '@andamio/keys/set-up';
import { maximumReportedKeys } from '@andamio/schema/operations';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { defaultTier, tiers } from '@andamio/schema/tiers';
import { type ClientRateLimitInfo, ipKeyGenerator, type Options } from 'express-rate-limit';
import type { Principal } from '../../auth/principal.ts';
import {
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

function createLimit<Created extends Pick<Limit<never>, 'counters'>>(limit: Created): Created {
  limit.counters.init?.({ windowMs: rateLimitWindow } as Options);
  return limit;
}

/** Creates the limit on requests per client address. It applies before credentials are verified. */
export function limitAddresses(perMinute: number, createCounters: CreateCounters): Limit<string> {
  return createLimit({
    name: 'address',
    counters: createCounters('address'),
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
  createCounters: CreateCounters,
): Limit<string> {
  return createLimit({
    name: 'report',
    counters: createCounters('report'),
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
  createCounters: CreateCounters,
  { knownTiers, refreshTier }: Pick<Keys, 'knownTiers' | 'refreshTier'>,
): Limit<Principal> {
  const maximumOf = ({ userId, tier: named, tokenIssuedAt }: Principal) => {
    const tier = named && knownTiers.note(userId, { tier: named, issuedAt: tokenIssuedAt });
    return tiers[tier ?? defaultTier].requestsPerMinute;
  };
  return createLimit({
    name: 'user',
    counters: createCounters('user'),
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
export function limitKeys(counters: KeyCounters): KeyLimit {
  return createLimit({
    name: 'key',
    counters,
    keyOf: memoizeWeak(({ record }: FoundKey) => counterKey(record.userId)),
    maximumOf: ({ tier }: FoundKey) => tiers[tier].requestsPerMinute,
  });
}

/**
 * Subtracts a counted request from a limit's counter, unless the window in which it was counted has
 * ended. The next window would otherwise allow one request more.
 */
export async function refund<Subject>(
  { counters, keyOf }: Pick<Limit<Subject>, 'counters' | 'keyOf'>,
  subject: Subject,
  { resetTime }: Pick<ClientRateLimitInfo, 'resetTime'>,
): Promise<void> {
  if (resetTime === undefined || Date.now() < +resetTime) await counters.decrement(keyOf(subject));
}

/** Counts a request against a limit. Does not refuse the request, even if the limit is exceeded. */
export async function charge<Subject>(
  { counters, keyOf }: Limit<Subject>,
  subject: Subject,
): Promise<ClientRateLimitInfo> {
  return counters.increment(keyOf(subject));
}

/** The code of the error for a limit that is exceeded. */
export type LimitCode = 'rate_limited' | 'too_many_wrong_codes';

/**
 * Returns the error for a limit that is exceeded. Its `Retry-After` is the time until the window
 * ends.
 *
 * @param resetAt when the window ends, in Unix milliseconds.
 */
export function limitExceeded(code: LimitCode, resetAt: number): HttpError {
  return new HttpError(code, undefined, Math.max(1, Math.ceil((resetAt - Date.now()) / 1000)));
}

/**
 * Counts one request against several limits, and keeps the latest limit status for the response
 * headers.
 */
export class RequestCount {
  /** The status of the most recently consumed limit. Undefined until a limit is consumed. */
  status: LimitStatus | undefined;

  /**
   * Counts the request against a limit.
   *
   * @throws {@link HttpError} `rate_limited` if the limit is exceeded.
   */
  async consume<Subject>(limit: Limit<Subject>, subject: Subject): Promise<ClientRateLimitInfo> {
    const info = await limit.counters.increment(limit.keyOf(subject));
    if (info.totalHits > limit.maximumOf(subject)) await limit.refresh?.(subject);
    this.record(limit, subject, info);
    return info;
  }

  /** Like {@link consume}, for the limit on requests with an API key, whose counters are in memory. */
  consumeKey(limit: KeyLimit, found: FoundKey): void {
    this.record(limit, found, limit.counters.increment(limit.keyOf(found)));
  }

  /**
   * Counts several requests against a limit. If the limit does not allow all of them, counts none,
   * so that a smaller number may still be allowed. Concurrent calls may together exceed the limit.
   *
   * @throws {@link HttpError} `rate_limited` if the limit would be exceeded.
   */
  async consumeMany<Subject>(
    limit: Limit<Subject>,
    subject: Subject,
    requests: number,
  ): Promise<void> {
    if (requests === 0) return;
    const key = limit.keyOf(subject);
    const before = await limit.counters.get?.(key);
    const totalHits = (before?.totalHits ?? 0) + requests;
    if (totalHits > limit.maximumOf(subject)) {
      this.record(limit, subject, { totalHits, resetTime: before?.resetTime });
    }
    await Promise.all(Array.from({ length: requests }, () => limit.counters.increment(key)));
  }

  /**
   * Updates {@link status} after the request was counted against a limit.
   *
   * @throws {@link HttpError} `rate_limited` if the limit is exceeded.
   */
  record<Subject>(limit: Limit<Subject>, subject: Subject, info: ClientRateLimitInfo): void {
    const { maximum, resetAt } = this.note(limit, subject, info);
    if (info.totalHits > maximum) throw limitExceeded('rate_limited', resetAt);
  }

  /** Like {@link record}, but does not refuse the request. Returns the status. */
  note<Subject>(
    limit: Limit<Subject>,
    subject: Subject,
    { totalHits, resetTime }: ClientRateLimitInfo,
  ): LimitStatus {
    const maximum = limit.maximumOf(subject);
    this.status = {
      name: limit.name,
      key: limit.keyOf(subject),
      maximum,
      remaining: Math.max(0, maximum - totalHits),
      resetAt: resetTime?.getTime() ?? Date.now() + rateLimitWindow,
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
