import type { RequestHandler } from 'express';
import { HttpError } from './errors.ts';

/** A request needs one host and no more: of two, a proxy may have read the other (RFC 9112 section 3.2). */
export const requireHost: RequestHandler = ({ headersDistinct, httpVersion }, _response, next) => {
  const hosts = headersDistinct['host']?.length ?? 0;
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) throw new HttpError('malformed_request');
  next();
};
