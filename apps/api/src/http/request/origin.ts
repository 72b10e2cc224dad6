import type { IncomingMessage } from 'node:http';
import { publicHosts, publicUrl } from '@andamio/schema/hosts';

/** The origin that the published documents name: production. */
export const documentedOrigin = publicUrl(publicHosts.prod);

/**
 * A name or address with a port: characters that are safe wherever a document contains the origin.
 */
const hostAndPort = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

/** Returns the origin under which the client reached this service, such as `https://host`. */
export type OriginOf = (request: IncomingMessage) => string;

/**
 * Creates the function that returns a request's origin: the documented one if `Host` is not safe to
 * repeat in a text. The service itself has no TLS, so `X-Forwarded-Proto` states the scheme, if a
 * proxy is trusted; the first entry is what the client used.
 */
export function createOriginOf(trustProxyHops: number): OriginOf {
  const schemeOf = ({ headers }: IncomingMessage) => {
    const sent = trustProxyHops > 0 ? headers['x-forwarded-proto'] : undefined;
    const [scheme] = String(sent ?? '').split(',');
    return scheme?.trim() === 'https' ? 'https' : 'http';
  };
  return (request) => {
    const { host } = request.headers;
    return host !== undefined && hostAndPort.test(host) ? `${schemeOf(request)}://${host}` : documentedOrigin;
  };
}
