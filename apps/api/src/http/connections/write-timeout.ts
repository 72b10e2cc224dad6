import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The timeout is divided into this many parts. A connection is cut off at most one part too late.
 */
const parts = 6;

/**
 * Closes connections whose client has read nothing of a pending answer for the given milliseconds,
 * because their answers occupy memory. A client that reads slowly is not affected.
 *
 * Node's own timeout notices whether the kernel accepted part of a write, but compares only at each
 * timeout: alone it would take up to twice as long.
 */
export function cutOffStalledReaders(server: Server, milliseconds: number): void {
  const part = milliseconds / parts;
  /** Consecutive timeouts of a connection. */
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
