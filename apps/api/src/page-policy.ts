/**
 * Returns the Content Security Policy of a page. The page may load scripts and styles only from its
 * own origin, and may send requests only to its own origin and the given ones. The policy forbids
 * inline scripts and styles, and DOM properties that parse text as HTML
 * (https://www.w3.org/TR/trusted-types/). No page may frame the page, because a frame would allow
 * clickjacking.
 */
export const pagePolicy = (origins: readonly string[] = []): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src ${["'self'", ...origins].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
