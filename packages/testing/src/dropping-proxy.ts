import { connect, createServer, type Socket } from 'node:net';
import { endWithFile } from './end-with-file.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

/**
 * A TCP proxy that can drop connections without closing them, as NAT gateways and load balancers do
 * with idle connections.
 */
export interface DroppingProxy {
  readonly url: string;
  /** Returns the number of open connections. */
  open(): number;
  /**
   * Drops all open connections without notifying the client. A client that then sends data receives
   * RST.
   */
  drop(): void;
}

/** Starts a proxy for `targetUrl`. The proxy stops after the test file. */
export async function startDroppingProxy(targetUrl: string): Promise<DroppingProxy> {
  const { hostname, port: targetPort } = new URL(targetUrl);
  const clients = new Set<Socket>();
  const dropped = new WeakSet<Socket>();
  const server = createServer((client) => {
    const target = connect(Number(targetPort), hostname);
    clients.add(client);
    client.on('data', (bytes) => {
      if (dropped.has(client)) client.resetAndDestroy();
      else target.write(bytes);
    });
    target.on('data', (bytes) => client.write(bytes));
    for (const socket of [client, target]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        clients.delete(client);
        target.destroy();
        // The client of a dropped connection must not be notified.
        if (!dropped.has(client)) client.destroy();
      });
    }
  });
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    open: () => clients.size,
    drop: () => {
      for (const client of clients) dropped.add(client);
    },
  };
}
