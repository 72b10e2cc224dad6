import type { IncomingMessage } from 'node:http';
import { cachedAnswersHeader, maximumCachedAnswers } from '@andamio/schema/guards';
import type { VerifiedKey } from '@andamio/verification/verify-key';
import type { Keys } from '../../keys/set-up.ts';
import type { FoundKey } from '../../keys/store.ts';
import type { ExhaustedQuota } from '../../keys/usage/quota.ts';
import type { RequestLocals } from '../locals.ts';
import { HttpError } from '../response/errors.ts';
import { consumeMore, type Limit } from './limit.ts';

const header = cachedAnswersHeader.toLowerCase();

/**
 * Returns how many requests the caller allowed since its last report by answers that it had cached. A report that is no number in its bounds, or
 * is sent twice, is no report.
 */
function reportedBy({ headers }: IncomingMessage): number {
  const sent = headers[header];
  const reported = typeof sent === 'string' && /^\d{1,7}$/.test(sent) ? Number(sent) : 0;
  return reported <= maximumCachedAnswers ? reported : 0;
}

const details = {
  day: "Daily quota: the requests that the owner's tier allows on a UTC day are used up. Wait as long as Retry-After says.",
  month:
    "Monthly quota: the requests that the owner's tier allows in a UTC month are used up. Wait as long as Retry-After says.",
} as const;

/** Unlike the number of keys, waiting mends it: `Retry-After` is what is left of the day or month. */
function quotaExceeded({ period, endsAt }: ExhaustedQuota, now: number): HttpError {
  return new HttpError('quota_exceeded', details[period], Math.max(1, Math.ceil(endsAt - now / 1000)));
}

/** Counts a request whose key is good, and those that it reports. */
export type MeterUsage = (request: IncomingMessage, key: VerifiedKey<FoundKey>, locals: RequestLocals) => Promise<void>;

/**
 * Makes what counts a request whose key is good. It stands last, so that nothing refuses a request that has been counted. Reported
 * requests count as so many requests would (service contract, "Edges", "Reported usage"): toward minute, day and month, and no more of them
 * than the minute has left. Anybody who holds a key can report.
 *
 * @throws {@link HttpError} `quota_exceeded` where the owner has used up a quota.
 */
export function meterUsage({ usage, now }: Pick<Keys, 'usage' | 'now'>, keyLimit: Limit): MeterUsage {
  return async (request, { found: { record, tier } }, locals) => {
    const exhausted = usage.exhaustedQuota(record.userId, tier);
    if (exhausted !== undefined) throw quotaExceeded(exhausted, now());
    const reported = reportedBy(request);
    const counted = reported === 0 ? 0 : await consumeMore(keyLimit, locals, reported);
    usage.count(record.userId, record.name, 1 + counted);
  };
}
