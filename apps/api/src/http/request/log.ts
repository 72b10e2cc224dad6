import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../log.ts';
import type { LocalResponse } from '../locals.ts';
import { traceContext } from './trace-context.ts';

/**
 * Logs a request once it is answered. Of what the client sent a line holds nothing but ids in their checked form and the
 * address: paths, queries, headers and bodies may hold keys and tokens.
 */
export function logWhenAnswered(log: Logger, request: IncomingMessage, response: LocalResponse): void {
  const begun = performance.now();
  response.on('close', () => {
    const { route, requestId, address, cause } = response.locals;
    const answered = response.writableFinished;
    const isRoutine = route?.routine === true && answered && response.statusCode < 400;
    const level = cause !== undefined ? 'error' : isRoutine ? 'debug' : 'info';
    if (!log.isLevelEnabled(level)) return;
    const line = {
      ...traceContext(request.headers),
      requestId,
      httpRequest: {
        requestMethod: route?.method,
        requestUrl: route?.path,
        status: answered ? response.statusCode : undefined,
        remoteIp: address,
        latency: `${((performance.now() - begun) / 1000).toFixed(6)}s`,
      },
      ...(cause !== undefined && { err: cause }),
    };
    log[level](line, cause !== undefined ? 'request failed' : answered ? 'request' : 'request abandoned');
  });
}
