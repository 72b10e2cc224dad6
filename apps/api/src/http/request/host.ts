import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { details } from '../response/details.ts';
import { HttpError } from '../response/errors.ts';

/**
 * A registered name or IPv4 address with a port (RFC 3986 sections 3.2.2 and 3.2.3), and an address
 * in brackets. Name and port may be empty.
 */
const named = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?::\d*)?$/;
const bracketed = /^\[(?:([0-9A-Fa-f:.]+)|v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\](?::\d*)?$/;

function isHost(value: string): boolean {
  if (named.test(value)) return true;
  const [match, address] = bracketed.exec(value) ?? [];
  return match !== undefined && (address === undefined || isIPv6(address));
}

/**
 * Requires exactly one well-formed `Host` (RFC 9112 section 3.2): of two, a proxy in front may have
 * used the other.
 *
 * @throws {@link HttpError} `malformed_request`.
 */
export function requireHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    hosts++;
    if (!isHost(rawHeaders[index + 1] as string)) throw new HttpError('malformed_request', details.host);
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) throw new HttpError('malformed_request', details.host);
}
