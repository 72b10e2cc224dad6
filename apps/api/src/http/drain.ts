import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';

/** How long no request may have come before connections without one are closed, in milliseconds. */
const quiet = 500;
const pollInterval = 20;

/**
 * Prepares a server for ending without a failed request, and returns what ends it.
 *
 * `server.close()` alone closes every kept-alive connection that is idle at that moment, also one on which the next request
 * is already on its way. Here such a request is still answered: each connection is told to close by its next answer, and
 * idle ones are closed once none has brought a request for a while.
 *
 * @returns a function that stops accepting, answers what comes on open connections, and resolves when all are closed: at the
 * latest after the given milliseconds, when it breaks off what is left.
 */
export function drainable(server: Server): (milliseconds: number) => Promise<void> {
  const unanswered = new Set<ServerResponse>();
  let draining = false;
  let lastRequest = 0;

  server.prependListener('request', (_request, response: ServerResponse) => {
    lastRequest = performance.now();
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
    if (draining) response.setHeader('Connection', 'close');
  });

  return async (milliseconds) => {
    const begun = performance.now();
    await turn(); // Connections that the kernel has completed are accepted first.
    draining = true;
    const closed = new Promise<void>((resolve) => {
      // Not http's own close(), which is net's and then the closing of what is idle.
      NetServer.prototype.close.call(server, () => resolve());
    });
    for (const response of unanswered) if (!response.headersSent) response.setHeader('Connection', 'close');

    const isQuiet = () => unanswered.size === 0 && performance.now() - Math.max(lastRequest, begun) > quiet;
    const isLate = () => performance.now() - begun > milliseconds;
    while (!isQuiet() && !isLate()) await delay(pollInterval);
    server.closeAllConnections();
    await closed;
  };
}
