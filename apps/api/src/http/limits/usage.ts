import type { IncomingMessage } from 'node:http';
import { cachedAnswersHeader, maximumCachedAnswers } from '@andamio/schema/guards';
import type { FoundKey } from '../../keys/model.ts';
import type { Keys } from '../../keys/set-up.ts';
import type { ExhaustedQuota } from '../../keys/usage/quota.ts';
import { details } from '../response/details.ts';
import { HttpError } from '../response/errors.ts';
import type { Limit, RequestCount } from './limit.ts';

const header = cachedAnswersHeader.toLowerCase();

/**
 * Returns how many requests the caller has allowed from its cache since its last report. A report
 * that is not a number within its bounds, or that is sent twice, is ignored.
 */
function reportedBy({ headers }: IncomingMessage): number {
  const sent = headers[header];
  const reported = typeof sent === 'string' && /^\d{1,7}$/.test(sent) ? Number(sent) : 0;
  return reported <= maximumCachedAnswers ? reported : 0;
}

/**
 * Unlike the maximum of keys, a quota ends by waiting: `Retry-After` is the rest of the day or
 * month.
 */
function quotaExceeded({ period, endsAt }: ExhaustedQuota, now: number): HttpError {
  return new HttpError('quota_exceeded', details.quota[period], Math.max(1, Math.ceil(endsAt - now / 1000)));
}

/** Counts a request with a good key as usage, together with the requests that it reports. */
export type MeterUsage = (request: IncomingMessage, found: FoundKey, count: RequestCount) => Promise<void>;

/**
 * Creates the function that counts usage. It runs after all limits, so that only accepted requests
 * count. Reported requests count as that many requests would (service contract, "Edges", "Reported
 * usage"): toward minute, day and month, and up to what remains of the minute, since anybody who
 * holds a key can report.
 *
 * @throws {@link HttpError} `quota_exceeded` if the owner has used up a quota.
 */
export function meterUsage({ usage, now }: Pick<Keys, 'usage' | 'now'>, keyLimit: Limit<FoundKey>): MeterUsage {
  return async (request, { record, tier }, count) => {
    const exhausted = usage.exhaustedQuota(record.userId, tier);
    if (exhausted !== undefined) throw quotaExceeded(exhausted, now());
    const reported = reportedBy(request);
    const counted = reported === 0 ? 0 : await count.consumeReported(keyLimit.counters, reported);
    usage.count(record.userId, record.name, 1 + counted);
  };
}
