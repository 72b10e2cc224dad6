import type { IncomingMessage } from 'node:http';

const bearer = /^bearer +([A-Za-z0-9_.-]+)$/i;

/**
 * Returns the token of the header `Authorization: Bearer <JWT>`, with the scheme in any case (RFC
 * 9110 section 11.1, RFC 6750).
 *
 * @returns undefined without the header, with another scheme, or with a repeated header.
 */
export function bearerToken(request: IncomingMessage): string | undefined {
  const [value, ...more] = request.headersDistinct['authorization'] ?? [];
  return more.length > 0 ? undefined : bearer.exec(value ?? '')?.[1];
}
