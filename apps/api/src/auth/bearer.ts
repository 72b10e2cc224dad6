import type { IncomingMessage } from 'node:http';

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
