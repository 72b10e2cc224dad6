/**
 * Returns the Content Security Policy of the reference page. It allows only scripts with the nonce,
 * and no connections to other hosts. Inline styles are allowed, because the renderer uses them for
 * its theme and menus.
 *
 * @param nonce at least 128 random bits in Base64, new for each answer
 *   (https://www.w3.org/TR/CSP3/#security-nonces)
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
