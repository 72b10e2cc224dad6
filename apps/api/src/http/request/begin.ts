import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Keys } from '@andamio/keys/set-up';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import type { Exchange } from '../exchange.ts';
import { clientAddress } from './client-address.ts';
import { requestIdOf } from './headers.ts';
import { requestLogger } from './log.ts';
import { originForm } from './target.ts';

export interface ExchangeDependencies {
  readonly log: Logger;
  readonly clock: Clock;
  readonly keys: Pick<Keys, 'usage' | 'shared'>;
  readonly trustProxyHops: number;
}

/**
 * Creates the function that begins an exchange. The function normalizes the request target,
 * identifies the request and the client, and logs the request once the response is closed. It also
 * stores usage that is due, because timers fire late where the processor is throttled between
 * requests.
 */
export function beginExchanges({ log, clock, keys, trustProxyHops }: ExchangeDependencies) {
  const logWhenClosed = requestLogger(log, clock);
  const addressOf = clientAddress(trustProxyHops);
  return (request: IncomingMessage, response: ServerResponse): Exchange => {
    request.url = originForm(request.url ?? '');
    const exchange = {
      request,
      response,
      requestId: requestIdOf(request),
      address: addressOf(request),
      report: {},
    };
    logWhenClosed(exchange);
    keys.usage.flushWhenDue();
    keys.shared?.storer.flushWhenDue();
    return exchange;
  };
}
