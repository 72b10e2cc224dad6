/**
 * Returns the Content Security Policy of a page. Scripts and styles come from the same origin only,
 * and requests go there and to the given origins. The policy forbids inline scripts and styles, DOM
 * properties that parse text as HTML (https://www.w3.org/TR/trusted-types/), and frames, which would
 * allow clickjacking.
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
