import { type ErrorCode, errorCodeHeader, errorKinds } from '@andamio/schema/errors';
import { maxAgeMsDirective } from '@andamio/schema/guards';
import { verifyApiKey } from '@andamio/schema/operations';
import { rateLimitHeaders, rateLimitWindow } from '@andamio/schema/rate-limits';
import { createApiKey } from '../api-key.ts';
import type { Allowance } from '../limits/minute.ts';
import { invalidKey, Refusal } from '../refusal.ts';
import { type Answer, notAnswered } from '../source.ts';

/** What came over HTTP. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** Nothing is kept longer than the service's own longest bound, whatever a proxy in between makes of its header. */
const longestAge = 10_000;

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
  const told = (pattern: RegExp) => Number(directives.map((text) => pattern.exec(text)?.[1]).find(Boolean) ?? 0);
  return Math.min(Math.max(told(/^max-age=(\d{1,9})$/) * 1000, told(finerAge)), longestAge);
}

function numberOf(received: Received, header: string): number | undefined {
  const value = headerOf(received, header);
  return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

/** The owner's minute; undefined where something on the way has removed what is told of it. */
function allowanceOf(received: Received, begunAt: number): Allowance | undefined {
  const limit = numberOf(received, 'X-RateLimit-Limit');
  const remaining = numberOf(received, 'X-RateLimit-Remaining');
  const reset = numberOf(received, 'X-RateLimit-Reset');
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  // By the clock that reset is told by: this machine's may be set otherwise.
  const date = Date.parse(headerOf(received, 'Date') ?? '');
  const left = reset * 1000 - (Number.isNaN(date) ? Date.now() : date);
  return { limit, remaining, endsAt: begunAt + Math.min(Math.max(0, left), rateLimitWindow) };
}

/**
 * Returns the present in Unix milliseconds: the later one of this machine's and the service's, either of which may be set wrong or
 * be of an answer that somebody kept.
 */
function presentOf(received: Received): number {
  const date = Date.parse(headerOf(received, 'Date') ?? '');
  return Number.isNaN(date) ? Date.now() : Math.max(date, Date.now());
}

function good(received: Received, begunAt: number): Answer | undefined {
  const parsed = verifyApiKey.success.schema.safeParse(received.body);
  const expiresAt = Date.parse(parsed.data?.expires_at ?? '');
  if (!parsed.success || Number.isNaN(expiresAt)) return undefined;
  const keyAge = expiresAt - presentOf(received);
  if (keyAge <= 0) return { kind: 'refused', refusal: invalidKey };
  const { user_id: userId, name, tier } = parsed.data;
  const apiKey = createApiKey({ userId, name, tier }, expiresAt);
  const allowance = allowanceOf(received, begunAt);
  // Not beyond the minute either: the service's next one begins with the question after it.
  const minuteAge = allowance === undefined ? longestAge : allowance.endsAt - begunAt;
  return { kind: 'good', apiKey, allowance, maximumAge: Math.min(maximumAgeOf(received), keyAge, minuteAge) };
}

/** The service's own word for an error of this status; a proxy that answers in its place has none. */
function codeOf(received: Received): ErrorCode | undefined {
  const code = headerOf(received, errorCodeHeader);
  if (code === undefined || !Object.hasOwn(errorKinds, code)) return undefined;
  return errorKinds[code as ErrorCode].status === received.status ? (code as ErrorCode) : undefined;
}

/** Whether it is this machine's own limit: keys that are refused exhaust it (IP_RATE_LIMIT_PER_MINUTE), and no owner is to blame. */
function isOfAddress(received: Received): boolean {
  return headerOf(received, 'RateLimit-Policy')?.startsWith('"address"') ?? false;
}

/** Passes on what the owner is told of its limits and quotas. */
function limited(received: Received, code: ErrorCode): Answer {
  const { details } = (received.body ?? {}) as { details?: unknown };
  const headers = rateLimitHeaders.flatMap((name) => {
    const value = headerOf(received, name);
    return value === undefined ? [] : [[name, value]];
  });
  const refusal = new Refusal(code, Object.fromEntries(headers), typeof details === 'string' ? details : undefined);
  return { kind: 'limited', refusal };
}

/**
 * Understands an answer of `verify` (service contract, "Beside the contract").
 *
 * @param begunAt when the request began, milliseconds of the guard's clock.
 */
export function readAnswer(received: Received, begunAt: number): Answer {
  const { status } = received;
  const code = codeOf(received);
  const answer = status === 200 ? good(received, begunAt) : undefined;
  if (answer !== undefined) return answer;
  if (code === 'invalid_key') return { kind: 'refused', refusal: invalidKey };
  if (code !== undefined && status === 429) {
    return isOfAddress(received)
      ? notAnswered('The key service limits the requests of this address. Set guardSecret to one of its GUARD_SECRETS.')
      : limited(received, code);
  }
  if (code === 'verification_unavailable') return notAnswered('The key service cannot check keys now.');
  return notAnswered(`The key service gave an unexpected answer: ${status}.`);
}
