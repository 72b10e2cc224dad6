/**
 * What the reference page may load and do: scripts by nonce alone, and nothing from or to another host. Inline styles are
 * allowed: the renderer brings its theme and places its menus by them, and they run nothing.
 *
 * @param nonce at least 128 random bits in Base64, new for each answer (https://www.w3.org/TR/CSP3/#security-nonces)
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
