import type { IncomingMessage } from 'node:http';
import type { FoundKey } from '@andamio/keys/model';
import type { Keys } from '@andamio/keys/set-up';
import type { ExhaustedQuota } from '@andamio/keys/usage/quota';
import { specificDetails } from '@andamio/schema/errors';
import { cachedAnswersHeader, maximumCachedAnswers } from '@andamio/schema/guards';
import { HttpError } from '../response/errors.ts';
import type { Limit, RequestCount } from './limit.ts';

const header = cachedAnswersHeader.toLowerCase();

/**
 * Returns the number of requests that a guard reports to have answered from its cache since its
 * last report. Returns 0 if the header is malformed, too large or repeated.
 */
function reportedBy({ headers }: IncomingMessage): number {
  const sent = headers[header];
  const reported = typeof sent === 'string' && /^\d{1,7}$/.test(sent) ? Number(sent) : 0;
  return reported <= maximumCachedAnswers ? reported : 0;
}

/**
 * Creates the error for a quota that is used up. A quota starts again by itself, so `Retry-After`
 * is the rest of the day or month.
 */
function quotaExceeded({ period, endsAt }: ExhaustedQuota, now: number): HttpError {
  return new HttpError(
    'quota_exceeded',
    specificDetails.quota[period],
    Math.max(1, Math.ceil(endsAt - now / 1000)),
  );
}

/**
 * Counts a request with a verified key as usage, together with the requests that a guard reports in
 * it.
 */
export type MeterUsage = (
  request: IncomingMessage,
  found: FoundKey,
  count: RequestCount,
) => Promise<void>;

/**
 * Creates the function that counts usage. It runs after all limits, so that only accepted requests
 * count. Each reported request counts like a verified request, toward the per-minute limit, the day
 * and the month (contract, "Failures"). Since anyone who holds a key can report requests, they
 * count only up to what remains of the per-minute limit.
 *
 * @throws {@link HttpError} `quota_exceeded`, from the returned function, if the owner has used up
 *   a quota.
 */
export function meterUsage(
  { usage, now }: Pick<Keys, 'usage' | 'now'>,
  keyLimit: Limit<FoundKey>,
): MeterUsage {
  return async (request, { record, tier }, count) => {
    const exhausted = usage.exhaustedQuota(record.userId, tier);
    if (exhausted !== undefined) throw quotaExceeded(exhausted, now());
    const reported = reportedBy(request);
    const counted = reported === 0 ? 0 : await count.consumeReported(keyLimit.counters, reported);
    usage.count(record.userId, record.name, 1 + counted, record.serial);
  };
}
