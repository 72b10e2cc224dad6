import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The header that carries the request id in both directions. */
export const requestIdHeader = 'X-Request-Id';

const accepted = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Returns the request id that the client sent in `X-Request-Id`, or a new id if the header is
 * missing or malformed (service contract, section "Settled beside").
 */
export function requestIdOf({ headers }: IncomingMessage): string {
  const sent = headers['x-request-id'];
  return typeof sent === 'string' && accepted.test(sent) ? sent : randomUUID();
}
