import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Into how many parts the timeout is divided: so much later than allowed, at most, a connection is cut off. */
const parts = 6;

/**
 * Cuts off connections whose client has read nothing of what waits to be sent for so many milliseconds: their answers are memory.
 * A client that reads slowly is no such client.
 *
 * Node's own timeout sees whether the kernel took something of a write, but compares only from one timeout to the next: alone it
 * would cut off after one to two times as long.
 */
export function cutOffStalledReaders(server: Server, milliseconds: number): void {
  const part = milliseconds / parts;
  /** Timeouts of a connection that followed each other with nothing in between. */
  const silent = new WeakMap<Socket, { readonly parts: number; readonly at: number }>();

  server.timeout = part; // Of each request; what is idle between two has the keep-alive timeout.
  server.on('timeout', (socket: Socket) => {
    if (socket.timeout !== part) return socket.destroy();
    const now = performance.now();
    const before = silent.get(socket);
    const isStalled = socket.writableLength > 0;
    const follows = before !== undefined && now - before.at < part * 1.5;
    const count = isStalled ? (follows ? before.parts + 1 : 1) : 0;
    if (count >= parts) return socket.destroy();
    silent.set(socket, { parts: count, at: now });
    return socket.setTimeout(part);
  });
}
