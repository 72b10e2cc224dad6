import type { RequestHandler } from 'express';
import type { Logger } from '../log.ts';
import { traceContext } from './trace-context.ts';

/**
 * Logs each request once it is answered. Of what the client sent a line holds nothing but ids in their checked form and the
 * address: paths, queries, headers and bodies may hold keys and tokens.
 */
export function logRequests(log: Logger): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now();
    response.once('close', () => {
      const { route, requestId, cause } = response.locals;
      const answered = response.writableFinished;
      const line = {
        ...traceContext(request.headers),
        requestId,
        httpRequest: {
          requestMethod: route?.method,
          requestUrl: route?.path,
          status: answered ? response.statusCode : undefined,
          remoteIp: request.ip,
          latency: `${((performance.now() - begun) / 1000).toFixed(6)}s`,
        },
        ...(cause !== undefined && { err: cause }),
      };
      if (cause !== undefined) log.error(line, 'request failed');
      else log[route?.routine ? 'debug' : 'info'](line, answered ? 'request' : 'request abandoned');
    });
    next();
  };
}
