import { type ErrorCode, errorCodeHeader, errorKinds } from '@andamio/schema/errors';
import { maxAgeMsDirective } from '@andamio/schema/guards';
import { verifyApiKey } from '@andamio/schema/operations';
import { rateLimitHeaders, rateLimitWindow } from '@andamio/schema/rate-limits';
import { createApiKey } from '../api-key.ts';
import { type Answer, unavailableAnswer } from '../key-source.ts';
import type { LimitStatus } from '../limits/owner-window.ts';
import { invalidKey, Refusal, type RefusalCode } from '../refusal.ts';

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/**
 * Maximum cache time in milliseconds, which is also the service's own maximum. It applies even if a
 * proxy changes the `Cache-Control` header.
 */
const maximumCacheAge = 10_000;

function headerOf({ headers }: Received, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

const finerAge = new RegExp(`^${maxAgeMsDirective}=(\\d{1,3})$`);

function maximumAgeOf(received: Received): number {
  const directives =
    headerOf(received, 'Cache-Control')
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? [];
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const ageIn = (pattern: RegExp) =>
    Number(directives.map((text) => pattern.exec(text)?.[1]).find(Boolean) ?? 0);
  return Math.min(Math.max(ageIn(/^max-age=(\d{1,9})$/) * 1000, ageIn(finerAge)), maximumCacheAge);
}

function numberOf(received: Received, header: string): number | undefined {
  const value = headerOf(received, header);
  return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

/**
 * Returns the state of the owner's rate limit, or undefined if a rate-limit header is missing, for
 * example because a proxy removed it.
 */
function limitStatusOf(received: Received, startedAt: number): LimitStatus | undefined {
  const limit = numberOf(received, 'X-RateLimit-Limit');
  const remaining = numberOf(received, 'X-RateLimit-Remaining');
  const reset = numberOf(received, 'X-RateLimit-Reset');
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  // The reset time is an instant on the service's clock, so it is compared with the service's
  // `Date`.
  const date = Date.parse(headerOf(received, 'Date') ?? '');
  const left = reset * 1000 - (Number.isNaN(date) ? Date.now() : date);
  return { limit, remaining, endsAt: startedAt + Math.min(Math.max(0, left), rateLimitWindow) };
}

/**
 * Returns the current time in Unix milliseconds: this machine's time or the response's `Date`,
 * whichever is later. Either clock may be slow, and the `Date` of a cached response is old.
 */
function currentTimeOf(received: Received): number {
  const date = Date.parse(headerOf(received, 'Date') ?? '');
  return Number.isNaN(date) ? Date.now() : Math.max(date, Date.now());
}

function valid(received: Received, startedAt: number): Answer | undefined {
  const parsed = verifyApiKey.success.schema.safeParse(received.body);
  const expiresAt = Date.parse(parsed.data?.expires_at ?? '');
  if (!parsed.success || Number.isNaN(expiresAt)) return undefined;
  const keyAge = expiresAt - currentTimeOf(received);
  if (keyAge <= 0) return { kind: 'refused', refusal: invalidKey };
  const { user_id: userId, name, tier } = parsed.data;
  const apiKey = createApiKey({ userId, name, tier }, expiresAt);
  const limitStatus = limitStatusOf(received, startedAt);
  // The answer expires with the rate-limit window, because the service opens the next window at the
  // first request that reaches it.
  const minuteAge = limitStatus === undefined ? maximumCacheAge : limitStatus.endsAt - startedAt;
  return {
    kind: 'valid',
    apiKey,
    limitStatus,
    maximumAge: Math.min(maximumAgeOf(received), keyAge, minuteAge),
  };
}

/**
 * Returns the service's error code. Returns undefined if the response has no code that matches its
 * status, as in a response from a proxy.
 */
function codeOf(received: Received): ErrorCode | undefined {
  const code = headerOf(received, errorCodeHeader);
  if (code === undefined || !Object.hasOwn(errorKinds, code)) return undefined;
  return errorKinds[code as ErrorCode].status === received.status ? (code as ErrorCode) : undefined;
}

/**
 * Reports whether the exceeded limit is the limit for this machine's address
 * (IP_RATE_LIMIT_PER_MINUTE) rather than the owner's.
 */
function isAddressLimit(received: Received): boolean {
  return headerOf(received, 'RateLimit-Policy')?.startsWith('"address"') ?? false;
}

/**
 * Returns the answer for a request beyond the owner's limits, with the rate-limit headers and the
 * `details` of the service's response.
 */
function limited(received: Received, code: RefusalCode): Answer {
  const { details } = (received.body ?? {}) as { details?: unknown };
  const headers = rateLimitHeaders.flatMap((name) => {
    const value = headerOf(received, name);
    return value === undefined ? [] : [[name, value]];
  });
  const refusal = new Refusal(
    code,
    Object.fromEntries(headers),
    typeof details === 'string' ? details : undefined,
  );
  return { kind: 'limited', refusal };
}

/**
 * Interprets a response of the `verify` operation (contract, "Verification").
 *
 * @param startedAt start of the request in milliseconds of the guard's monotonic clock.
 */
export function readResponse(received: Received, startedAt: number): Answer {
  const { status } = received;
  const code = codeOf(received);
  const answer = status === 200 ? valid(received, startedAt) : undefined;
  if (answer !== undefined) return answer;
  if (code === 'invalid_key') return { kind: 'refused', refusal: invalidKey };
  if (code === 'rate_limited' || code === 'quota_exceeded') {
    return isAddressLimit(received)
      ? unavailableAnswer(
          'The key service limits the requests of this address. Set guardSecret to one of its GUARD_SECRETS.',
        )
      : limited(received, code);
  }
  if (code === 'verification_unavailable')
    return unavailableAnswer('The key service cannot verify keys at the moment.');
  return unavailableAnswer(`The key service sent an unexpected response: ${status}.`);
}
