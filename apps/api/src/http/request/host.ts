import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { specificDetails } from '@andamio/schema/errors';
import { HttpError } from '../response/errors.ts';

// Patterns of a valid `Host` (RFC 3986 sections 3.2.2 and 3.2.3): a registered name or IPv4
// address, and an address in brackets. Each may have a port. Name and port may be empty.
const named = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?::\d*)?$/;
const bracketed = /^\[(?:([0-9A-Fa-f:.]+)|v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\](?::\d*)?$/;

function isHost(value: string): boolean {
  if (named.test(value)) return true;
  const [match, address] = bracketed.exec(value) ?? [];
  return match !== undefined && (address === undefined || isIPv6(address));
}

/**
 * Requires exactly one well-formed `Host` header (RFC 9112 section 3.2). If there were two, a proxy
 * might route by one and the service might use the other. Only HTTP/1.0 requests may omit the
 * header.
 *
 * @throws {@link HttpError} `malformed_request`.
 */
export function requireHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    hosts++;
    if (!isHost(rawHeaders[index + 1] as string))
      throw new HttpError('malformed_request', specificDetails.host);
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
    throw new HttpError('malformed_request', specificDetails.host);
}
