import type { IncomingMessage } from 'node:http';
import type { FoundKey } from '@andamio/keys/model';
import type { Keys } from '@andamio/keys/set-up';
import type { ExhaustedQuota } from '@andamio/keys/usage/quota';
import { specificDetails } from '@andamio/schema/errors';
import { cachedAnswersHeader, maximumCachedAnswers } from '@andamio/schema/guards';
import { tiers } from '@andamio/schema/tiers';
import type { RedisUsage } from '../../counters/redis-usage.ts';
import { HttpError } from '../response/errors.ts';
import type { KeyLimit, RequestCount } from './limit.ts';
import { RequestedTotals } from './requested-totals.ts';

const header = cachedAnswersHeader.toLowerCase();

/**
 * Returns the number of requests that a guard has answered from its cache since its last report,
 * according to the request's header. Returns 0 if the header is malformed, too large or repeated.
 */
function reportedBy({ headers }: IncomingMessage): number {
  const sent = headers[header];
  const reported = typeof sent === 'string' && /^\d{1,7}$/.test(sent) ? Number(sent) : 0;
  return reported <= maximumCachedAnswers ? reported : 0;
}

/**
 * Creates the error for a quota that is used up. Its `Retry-After` is the time until the day or
 * month ends and the quota starts again.
 */
function quotaExceeded({ period, endsAt }: ExhaustedQuota, now: number): HttpError {
  return new HttpError(
    'quota_exceeded',
    specificDetails.quota[period],
    Math.max(1, Math.ceil(endsAt - now / 1000)),
  );
}

/**
 * Counts a request toward the owner's limit per minute in this instance's memory, and checks the
 * quotas against the usage that this instance knows. Does not count usage.
 *
 * @throws {@link HttpError} `rate_limited` or `quota_exceeded`.
 */
function limitAlone(
  { usage, now }: Pick<Keys, 'usage' | 'now'>,
  keyLimit: KeyLimit,
  found: FoundKey,
  count: RequestCount,
): void {
  count.consumeKey(keyLimit, found);
  const exhausted = usage.exhaustedQuota(found.record.userId, found.tier);
  if (exhausted !== undefined) throw quotaExceeded(exhausted, now());
}

/**
 * Counts a request with a verified key, and the requests that a guard reports with it. They count
 * toward the owner's limit per minute. If the request is accepted, they also count as usage.
 *
 * @returns a promise if the function waits for Redis.
 * @throws {@link HttpError} `rate_limited` or `quota_exceeded`. A promise is rejected with it.
 */
export type CountKeyRequest = (
  request: IncomingMessage,
  found: FoundKey,
  count: RequestCount,
) => Promise<void> | void;

/**
 * Creates the function that counts requests that present a key. Usage is counted after all limits
 * are checked, so only accepted requests count. Each request that a guard reports counts like a
 * verified request, toward the per-minute limit and the daily and monthly quotas (contract,
 * "Failures"). Anyone who holds a key can report requests, so reported requests beyond the rest of
 * the per-minute limit are ignored.
 */
export function countAlone(
  keys: Pick<Keys, 'usage' | 'now'>,
  keyLimit: KeyLimit,
): (...parameters: Parameters<CountKeyRequest>) => void {
  return (request, found, count) => {
    limitAlone(keys, keyLimit, found, count);
    const reported = reportedBy(request);
    const counted = reported === 0 ? 0 : count.consumeReported(keyLimit.counters, reported);
    const { userId, name, serial } = found.record;
    keys.usage.count(userId, name, 1 + counted, serial);
  };
}

/**
 * Like {@link countAlone}, but all instances count together with one command to Redis. While Redis
 * is unusable, each instance counts alone.
 *
 * @param keyLimit the limit that applies while Redis is unusable.
 */
export function countTogether(
  keys: Pick<Keys, 'usage' | 'now'>,
  keyLimit: KeyLimit,
  { counts, storer }: NonNullable<Keys<RedisUsage>['shared']>,
): CountKeyRequest {
  const alone = countAlone(keys, keyLimit);
  const totals = new RequestedTotals(storer);
  return async (request, found, count) => {
    const { userId, name, serial } = found.record;
    const verified = {
      userId,
      name,
      serial,
      reported: reportedBy(request),
      limits: tiers[found.tier],
      read: totals.of(userId),
    };
    const counted = await counts.count(verified, keyLimit.keyOf(found));
    if (counted === 'uncounted') return alone(request, found, count);
    // Redis may have counted the usage, so it is not counted again.
    if (counted === 'unknown') return limitAlone(keys, keyLimit, found, count);
    const { hits, left, added, exhausted, day, totalsWanted } = counted;
    count.record(keyLimit, found, {
      totalHits: hits + added,
      resetTime: new Date(keyLimit.now() + left),
    });
    totals.note(userId, day, totalsWanted);
    if (exhausted !== undefined) throw quotaExceeded(exhausted, keys.now());
  };
}
