import { createServer } from 'node:net';
import { listenOnLoopback } from './listen-on-loopback.ts';

/**
 * Returns a free port on the loopback interface. Another program could take the port before the
 * caller uses it.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
