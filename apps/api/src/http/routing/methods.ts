import type { RequestHandler } from 'express';
import { HttpError } from '../response/errors.ts';

/** Answers a path that exists with 405 for any method but its own (RFC 9110 section 15.5.6). Express serves HEAD with GET. */
export function refuseOtherMethods(methods: readonly ('get' | 'post')[]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ');
  return (_request, response) => {
    response.setHeader('Allow', allow);
    throw new HttpError('method_not_allowed');
  };
}
