import type { IncomingMessage } from 'node:http';
import { publicHosts, publicUrl } from '@andamio/schema/hosts';

/** The production origin, which the published documents contain. */
export const documentedOrigin = publicUrl(publicHosts.prod);

/**
 * Matches a host name or address with an optional port. Its characters are safe anywhere in a
 * document. Names in Docker Compose and in private DNS may contain an underscore.
 */
const hostAndPort = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

/**
 * Returns the origin under which the client reached this service, such as `https://host`. Undefined
 * if the request has no `Host`, or one that is not safe to repeat. Documents then contain {@link
 * documentedOrigin}. The address of a page on which users sign in must not contain that
 * origin instead, because it belongs to another installation.
 */
export type OriginOf = (request: IncomingMessage) => string | undefined;

/**
 * Creates the function that returns a request's origin. The service itself does not use TLS, so the
 * scheme comes from `X-Forwarded-Proto` if a proxy is trusted. The first entry is the scheme that
 * the client used.
 */
export function createOriginOf(trustProxyHops: number): OriginOf {
  const schemeOf = ({ headers }: IncomingMessage) => {
    const sent = trustProxyHops > 0 ? headers['x-forwarded-proto'] : undefined;
    const [scheme] = String(sent ?? '').split(',');
    return scheme?.trim().toLowerCase() === 'https' ? 'https' : 'http';
  };
  return (request) => {
    const { host } = request.headers;
    return host !== undefined && hostAndPort.test(host)
      ? `${schemeOf(request)}://${host}`
      : undefined;
  };
}
