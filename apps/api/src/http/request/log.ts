import type { IncomingMessage } from 'node:http';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Logger } from '../../log.ts';
import type { LocalResponse, RequestLocals } from '../locals.ts';
import { traceContext } from './trace-context.ts';

/** How many clients have a line of their own for what they are refused within a window; the others are counted. */
const maximumClients = 1_000;

/**
 * Samples the lines of refusals that cost a client nothing to cause: one for each client and window. The others are counted, and
 * the count is logged at the end of the window.
 */
function sampleRefusals(log: Logger): (client: string) => boolean {
  const clients = new Set<string>();
  let unlogged = 0;
  let isWindowOpen = false;

  function closeWindow(): void {
    if (unlogged > 0) log.info({ refusals: unlogged }, 'Refusals for limits (429) without a line of their own.');
    clients.clear();
    unlogged = 0;
    isWindowOpen = false;
  }

  return (client) => {
    if (!isWindowOpen) setTimeout(closeWindow, rateLimitWindow).unref();
    isWindowOpen = true;
    const isFirst = !clients.has(client) && clients.size < maximumClients;
    if (isFirst) clients.add(client);
    else unlogged++;
    return isFirst;
  };
}

function clientOf({ principal, verifiedKey, address }: RequestLocals): string {
  return principal?.userId ?? verifiedKey?.found.record.userId ?? address;
}

/**
 * Creates the function that logs a request once it is answered. Of what the client sent, a line holds nothing but ids in their checked
 * form and the address: paths, queries, headers and bodies may hold keys and tokens.
 */
export function requestLogger(log: Logger): (request: IncomingMessage, response: LocalResponse) => void {
  const isSampled = sampleRefusals(log);
  return (request, response) => {
    const begun = performance.now();
    response.on('close', () => {
      const { route, requestId, address, errorCode, reason, cause } = response.locals;
      const answered = response.writableFinished;
      const isRoutine = route?.routine === true && answered && response.statusCode < 400;
      const level = cause !== undefined ? 'error' : isRoutine ? 'debug' : 'info';
      if (!log.isLevelEnabled(level)) return;
      if (answered && response.statusCode === 429 && !isSampled(clientOf(response.locals))) return;
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
        errorCode,
        reason,
        ...(cause !== undefined && { err: cause }),
      };
      log[level](line, cause !== undefined ? 'request failed' : answered ? 'request' : 'request abandoned');
    });
  };
}
