import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';

/** An address as proxies write it: IPv4, or IPv6 in brackets, with an optional port. */
const decorated = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::\d{1,5})?$/;

/**
 * Removes the port and brackets from an address. Azure's gateways send the port, which differs for
 * each connection.
 */
function bareAddress(entry: string): string {
  const [, ipv6, ipv4] = decorated.exec(entry) ?? [];
  return ipv6 ?? ipv4 ?? entry;
}

/**
 * Creates the function that returns the client address of a request. Each trusted proxy appends one
 * entry to `X-Forwarded-For`, so as many entries are trusted as there are trusted proxies.
 *
 * @returns the address without port and brackets. Empty if the connection is closed.
 */
export function clientAddress(trustedHops: number): (request: IncomingMessage) => string {
  const isTrusted = (_address: string, hop: number) => hop < trustedHops;
  return (request) => {
    if (trustedHops === 0) return request.socket.remoteAddress ?? '';
    return bareAddress(proxyAddress(request, isTrusted) ?? '');
  };
}
