import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How long no request may have come before connections without one are closed, in milliseconds. */
const quiet = 1_000;
const pollInterval = 20;
/**
 * How long no connection may have come before the service stops accepting, and how long that is waited for at most, in milliseconds.
 * The kernel completes connections before a busy process accepts them, one a turn of its event loop; it
 * resets those that are left when the process stops listening.
 */
const acceptPause = 100;
const acceptLimit = 1_000;

/**
 * Makes a function that waits a little, and resolves to how long `count` has stayed the same since, in milliseconds. They are
 * counted in turns of the event loop, not taken from a clock: after a while without processor time the clock has gone
 * on, and what came meanwhile is not yet seen.
 */
function watchCalm(count: () => number): () => Promise<number> {
  let seen = count();
  let lasted = 0;
  return async () => {
    await delay(pollInterval);
    const now = count();
    lasted = now === seen ? lasted + pollInterval : 0;
    seen = now;
    return lasted;
  };
}

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
  let requests = 0;
  let connections = 0;

  server.on('connection', () => {
    connections++;
  });

  server.prependListener('request', (_request, response: ServerResponse) => {
    requests++;
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
    if (draining) response.setHeader('Connection', 'close');
  });

  return async (milliseconds) => {
    const begun = performance.now();
    const acceptUntil = begun + Math.min(acceptLimit, milliseconds / 4);
    const withoutConnection = watchCalm(() => connections);
    while ((await withoutConnection()) < acceptPause && performance.now() < acceptUntil);
    draining = true;
    const closed = new Promise<void>((resolve) => {
      // Not http's own close(), which is net's and then the closing of what is idle.
      NetServer.prototype.close.call(server, () => resolve());
    });
    for (const response of unanswered) if (!response.headersSent) response.setHeader('Connection', 'close');

    const isLate = () => performance.now() - begun > milliseconds;
    const withoutRequest = watchCalm(() => requests);
    while (((await withoutRequest()) < quiet || unanswered.size > 0) && !isLate());
    server.closeAllConnections();
    await closed;
  };
}
