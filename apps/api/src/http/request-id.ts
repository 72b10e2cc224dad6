import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

const accepted = /^[A-Za-z0-9._-]{1,64}$/;

/** Takes the request's id from `X-Request-Id`, or makes one, and sends it back (service contract, "Settled beside"). */
export const identifyRequest: RequestHandler = (request, response, next) => {
  const sent = request.headers['x-request-id'];
  const requestId = typeof sent === 'string' && accepted.test(sent) ? sent : randomUUID();
  response.locals.requestId = requestId;
  response.setHeader('X-Request-Id', requestId);
  next();
};
