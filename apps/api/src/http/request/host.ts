import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { HttpError } from '../response/errors.ts';

/**
 * A request needs one host and no more: of two, a proxy may have read the other (RFC 9112 section 3.2).
 *
 * @throws {@link HttpError} `malformed_request`.
 */
export function requireHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) throw new HttpError('malformed_request');
}

/** The same as a step of Express. */
export const refuseUnclearHost: RequestHandler = (request, _response, next) => {
  requireHost(request);
  next();
};
