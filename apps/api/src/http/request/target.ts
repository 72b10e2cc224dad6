/** A target that matches no route. */
const unknownTarget = '//';

/**
 * Returns the path and query of a request target, which may be an absolute URL (RFC 9112 section
 * 3.2.2). Cuts off a fragment, which a target must not have, and encodes white space. Returns a
 * target that matches no route for a target without a path.
 *
 * Express's router parses a result of this form itself. For any other target it calls Node's
 * deprecated `url.parse`, which warns on standard error, and may find no path.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) {
    const fragment = target.indexOf('#');
    const sent = fragment < 0 ? target : target.slice(0, fragment);
    return sent.replace(/\s/g, encodeURIComponent);
  }
  const url = URL.parse(target);
  return url?.pathname.startsWith('/') ? `${url.pathname}${url.search}` : unknownTarget;
}

/** Returns the path of a request target in {@link originForm}, without the query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
