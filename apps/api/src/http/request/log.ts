import { type ErrorCode, errorKinds } from '@andamio/schema/errors';
import { logEvents, requestMessages } from '@andamio/schema/log-events';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Clock } from '../../clock.ts';
import { type Logger, logEvent } from '../../log.ts';
import type { Exchange } from '../exchange.ts';
import { traceContext } from './trace-context.ts';

/**
 * Maximum number of clients per window whose refusals are logged. Refusals of other clients are
 * only counted.
 */
const maximumClients = 1_000;

/**
 * Creates a function that reports whether to log a refusal. Clients can cause any number of rate
 * limit refusals and malformed requests at no cost. Only the first one per client and window is
 * therefore logged. The others are counted, and their number is logged when the window ends.
 */
function sampleRefusals(log: Logger): (client: string) => boolean {
  const clients = new Set<string>();
  let unlogged = 0;
  let isWindowOpen = false;

  function closeWindow(): void {
    if (unlogged > 0) logEvent(log, 'info', logEvents.refusalsSampled, { refusals: unlogged });
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

/**
 * Creates the function that logs a request that Node's parser refused. The request's bytes are not
 * logged: they may contain keys and tokens.
 */
export function parserRefusalLogger(log: Logger): (code: ErrorCode, address: string) => void {
  const isSampled = sampleRefusals(log);
  return (code, address) => {
    if (!isSampled(address)) return;
    const httpRequest = { status: errorKinds[code].status, remoteIp: address };
    log.info({ httpRequest, errorCode: code }, requestMessages.answered);
  };
}

/**
 * Creates the function that logs a request when its response is closed. Paths, queries, headers and
 * bodies may contain keys and tokens. Of the values that the client controls, a log line therefore
 * contains only the address and well-formed ids.
 */
export function requestLogger(log: Logger, { monotonicNow }: Clock): (exchange: Exchange) => void {
  const isSampled = sampleRefusals(log);
  return ({ request, response, requestId, address, report }) => {
    const startedAt = monotonicNow();
    response.on('close', () => {
      const { route, userId, refusal, cause } = report;
      const answered = response.writableFinished;
      const isRoutine = route?.routine === true && answered && response.statusCode < 400;
      const level = cause !== undefined ? 'error' : isRoutine ? 'debug' : 'info';
      if (!log.isLevelEnabled(level)) return;
      if (answered && response.statusCode === 429 && !isSampled(userId ?? address)) return;
      const line = {
        ...traceContext(request.headers),
        requestId,
        httpRequest: {
          requestMethod: route && request.method,
          requestUrl: route?.path,
          status: answered ? response.statusCode : undefined,
          remoteIp: address,
          latency: `${((monotonicNow() - startedAt) / 1000).toFixed(6)}s`,
        },
        errorCode: refusal?.code,
        reason: refusal?.reason,
        ...(cause !== undefined && { err: cause }),
      };
      const { answered: complete, failed, abandoned } = requestMessages;
      log[level](line, cause !== undefined ? failed : answered ? complete : abandoned);
    });
  };
}
