import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { guardSecretHeader } from '@andamio/schema/guards';
import { apiKeyHeader } from '@andamio/schema/key-format';

const bearer = /^bearer +([A-Za-z0-9_.-]+)$/i;

/**
 * Returns the token from the header `Authorization: Bearer <JWT>`. The scheme is case-insensitive
 * (RFC 9110 section 11.1, RFC 6750).
 *
 * @returns undefined if the header is missing, repeated, or has another scheme.
 */
export function bearerToken(request: IncomingMessage): string | undefined {
  const [value, ...more] = request.headersDistinct['authorization'] ?? [];
  return more.length > 0 ? undefined : bearer.exec(value ?? '')?.[1];
}

const keyHeader = apiKeyHeader.toLowerCase();

/**
 * Returns the value of the API key header, or undefined if the request has no such header. Node
 * joins repeated headers with a comma, which no key contains, so a request with two keys is
 * refused.
 */
export function apiKeyOf({ headers }: IncomingMessage): string | undefined {
  return headers[keyHeader] as string | undefined;
}

const secretHeader = guardSecretHeader.toLowerCase();
const digest = (text: string) => hash('sha256', text, 'buffer');

/** Reports whether a request comes from a guard. */
export type IsGuard = (request: IncomingMessage) => boolean;

/**
 * Creates a predicate that recognizes guards: callers that send one of the secrets in
 * `X-Guard-Secret`. The comparison takes the same time for every value that is sent.
 */
export function recognizeGuards(secrets: readonly string[]): IsGuard {
  const digests = secrets.map(digest);
  return ({ headers }) => {
    const sent = headers[secretHeader];
    if (typeof sent !== 'string') return false;
    const digestOfSent = digest(sent);
    return digests.filter((known) => timingSafeEqual(known, digestOfSent)).length > 0;
  };
}
