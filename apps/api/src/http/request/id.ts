import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';

/** The header that carries it, both ways. */
export const requestIdHeader = 'X-Request-Id';

const accepted = /^[A-Za-z0-9._-]{1,64}$/;

/** A request's own id, sent as `X-Request-Id`, or a new one (service contract, "Settled beside"). */
export function requestIdOf({ headers }: IncomingMessage): string {
  const sent = headers['x-request-id'];
  return typeof sent === 'string' && accepted.test(sent) ? sent : randomUUID();
}

/** Says in the answer which request it is to. */
export const tellRequestId: RequestHandler = (_request, response, next) => {
  response.setHeader(requestIdHeader, response.locals.requestId);
  next();
};
