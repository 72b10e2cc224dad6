/**
 * The path and query of a request's target, which may be a whole URL (RFC 9112 section 3.2.2). In one that is no URL Express
 * would find no path, and answer in HTML: `*` is a path that nothing is at.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const url = URL.parse(target);
  return url === null ? '*' : `${url.pathname}${url.search}`;
}
