import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UsageMeter } from '../../keys/usage/meter.ts';
import type { Logger } from '../../log.ts';
import type { LocalResponse } from '../locals.ts';
import { clientAddress } from './client-address.ts';
import { requestIdOf } from './id.ts';
import { requestLogger } from './log.ts';
import { originForm } from './target.ts';

export interface BeginDependencies {
  readonly log: Logger;
  readonly usage: UsageMeter;
  readonly trustProxyHops: number;
  /** Whether refusals of credentials say why: in development. */
  readonly explainsRefusals: boolean;
}

/**
 * Makes what every request begins with, whoever answers it: its target in one form, its id, its client's address, a line in the log at its
 * end. Usage that waits too long begins to be stored: where the processor is throttled between requests, timers come late.
 */
export function beginRequests({ log, usage, trustProxyHops, explainsRefusals }: BeginDependencies) {
  const logWhenAnswered = requestLogger(log);
  const addressOf = clientAddress(trustProxyHops);
  return (request: IncomingMessage, response: ServerResponse): LocalResponse => {
    request.url = originForm(request.url ?? '');
    const locals = { requestId: requestIdOf(request), address: addressOf(request), explainsRefusals };
    const begun = Object.assign(response, { locals });
    logWhenAnswered(request, begun);
    usage.flushWhenDue();
    return begun;
  };
}
