import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';

/**
 * Makes what tells the address of a request's client: `X-Forwarded-For` is believed as far as the given number of proxies
 * goes, each of which adds one entry.
 *
 * @returns the address as it was sent or connected from; empty where the connection is gone already.
 */
export function clientAddress(trustedHops: number): (request: IncomingMessage) => string {
  const isTrusted = (_address: string, hop: number) => hop < trustedHops;
  return (request) => (trustedHops === 0 ? request.socket.remoteAddress : proxyAddress(request, isTrusted)) ?? '';
}
