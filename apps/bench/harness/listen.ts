import type { Server } from 'node:net';
import { logEvents } from '@andamio/schema/log-events';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';

/** Starts a peer's server on a free port. Prints the port in the same line as the service. */
export async function listen(server: Server): Promise<void> {
  const { message } = logEvents.listening;
  process.stdout.write(`${JSON.stringify({ port: await listenOnLoopback(server), message })}\n`);
}
