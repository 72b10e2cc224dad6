import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Number of parts into which the timeout is divided. A stalled connection is closed at most one
 * part later than the timeout.
 */
const parts = 6;

/**
 * Closes connections whose client has read nothing of a pending response for the given time,
 * because unread responses occupy memory. Clients that read slowly are not affected.
 *
 * Node's own timeout checks whether the kernel has accepted part of a write, but only at the moment
 * when the timeout fires. With that timeout alone, a stalled connection could stay open for twice
 * the given time.
 */
export function cutOffStalledReaders(server: Server, milliseconds: number): void {
  const part = milliseconds / parts;
  /** The number of consecutive timeouts of each connection, and the time of the last one. */
  const silent = new WeakMap<Socket, { readonly parts: number; readonly at: number }>();

  server.timeout = part; // Applies to requests; idle connections have the keep-alive timeout.
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
