import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Time, in milliseconds, without a new request after which idle connections are closed. */
const quiet = 1_000;
const pollInterval = 20;
/**
 * Time, in milliseconds, without a new connection after which the service stops listening. The
 * service waits at most `acceptLimit` for such a pause. The kernel completes connections before the
 * process accepts them. When the process stops listening, the kernel resets those that are not
 * accepted yet. A busy process accepts only one connection per turn of its event loop.
 */
const acceptPause = 100;
const acceptLimit = 1_000;

/**
 * Creates a function that waits one poll interval and resolves to the number of milliseconds for
 * which `count` has returned the same value. It adds up poll intervals instead of reading a clock.
 * After the process was paused, a clock would report a long calm, although events that arrived
 * during the pause are still pending.
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
 * Prepares a server for a shutdown without failed requests.
 *
 * `server.close()` alone closes every idle keep-alive connection immediately, even if the next
 * request is already on its way. While the returned function runs, such a request is still
 * answered. The last pending response on each connection, or else the next one, announces that the
 * connection closes. Idle connections are closed after a while without new requests.
 *
 * @returns a function that stops listening, answers requests on open connections, and resolves when
 *   all connections are closed. After the given milliseconds it closes the remaining connections.
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
    const startedAt = performance.now();
    const acceptUntil = startedAt + Math.min(acceptLimit, milliseconds / 4);
    const withoutConnection = watchCalm(() => connections);
    while ((await withoutConnection()) < acceptPause && performance.now() < acceptUntil);
    draining = true;
    const closed = new Promise<void>((resolve) => {
      // http's own close() also closes idle connections. This calls net's close(), which does not.
      NetServer.prototype.close.call(server, () => resolve());
    });
    // All pipelined requests are answered. Node closes a connection after the response that announces
    // it, so only the last one does.
    const latest = new Map([...unanswered].map((response) => [response.req.socket, response]));
    for (const response of latest.values())
      if (!response.headersSent) response.setHeader('Connection', 'close');

    const isLate = () => performance.now() - startedAt > milliseconds;
    const withoutRequest = watchCalm(() => requests);
    while (((await withoutRequest()) < quiet || unanswered.size > 0) && !isLate());
    server.closeAllConnections();
    await closed;
  };
}
