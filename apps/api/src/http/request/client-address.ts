import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddress from 'proxy-addr';

/** Matches an address as proxies write it: IPv4, or IPv6 in brackets, with an optional port. */
const decorated = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::\d{1,5})?$/;

/**
 * Returns the address of an `X-Forwarded-For` entry, without port and brackets. Azure's gateways
 * send the port, which differs for each connection. Returns undefined if the entry is not an
 * address. If `TRUST_PROXY_HOPS` is too high, the client writes the entry, and its text must not
 * reach the log.
 */
function addressIn(entry: string): string | undefined {
  const [, ipv6, ipv4] = decorated.exec(entry) ?? [];
  const address = ipv6 ?? ipv4 ?? entry;
  // The zone of an IPv6 address (`fe80::1%eth0`) may contain any text, so such addresses are
  // refused.
  return isIP(address) !== 0 && !address.includes('%') ? address : undefined;
}

/**
 * Creates a function that returns the client address of a request: the `X-Forwarded-For` entry that
 * the outermost of the trusted proxies appended, without port and brackets. If that entry is not an
 * address, the function returns the address of the connection, or an empty string if the connection
 * is closed.
 *
 * @param trustedHops the number of proxies whose entries are trusted
 */
export function clientAddress(trustedHops: number): (request: IncomingMessage) => string {
  const isTrusted = (_address: string, hop: number) => hop < trustedHops;
  return (request) => {
    const connected = request.socket.remoteAddress ?? '';
    if (trustedHops === 0) return connected;
    return addressIn(proxyAddress(request, isTrusted) ?? '') ?? connected;
  };
}
