import type { IncomingMessage } from 'node:http';
import { cachedAnswersHeader, maximumCachedAnswers } from '@andamio/schema/guards';
import type { VerifiedKey } from '@andamio/verification/verify-key';
import type { Keys } from '../../keys/set-up.ts';
import type { FoundKey } from '../../keys/store.ts';
import type { ExhaustedQuota } from '../../keys/usage/quota.ts';
import { HttpError } from '../response/errors.ts';

const header = cachedAnswersHeader.toLowerCase();

/**
 * How many requests a good answer stands for: this one, and those that the caller let in since by answers that it kept. A report that
 * is no number in its bounds, or is sent twice, is no report.
 */
function requestsOf({ headers }: IncomingMessage): number {
  const sent = headers[header];
  const reported = typeof sent === 'string' && /^\d{1,7}$/.test(sent) ? Number(sent) : 0;
  return 1 + (reported <= maximumCachedAnswers ? reported : 0);
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

/**
 * Makes what counts a request whose key is good. It stands last, so that nothing refuses a request that has been counted.
 *
 * @throws {@link HttpError} `quota_exceeded` where the owner has used up a quota.
 */
export function meterUsage({ usage, now }: Pick<Keys, 'usage' | 'now'>) {
  return (request: IncomingMessage, { found: { record, tier } }: VerifiedKey<FoundKey>): void => {
    const exhausted = usage.exhaustedQuota(record.userId, tier);
    if (exhausted !== undefined) throw quotaExceeded(exhausted, now());
    usage.count(record.userId, record.name, requestsOf(request));
  };
}
