import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { endWithFile } from './end-with-file.ts';

/**
 * A TCP proxy that drops connections silently, like NAT gateways and load balancers drop idle ones.
 */
export interface DroppingProxy {
  readonly url: string;
  /** Returns the number of open connections. */
  open(): number;
  /** Drops all open connections silently. Data sent over them is answered with RST. */
  drop(): void;
}

/** Starts a proxy in front of `targetUrl` that is closed after the test file. */
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
        // The client of a dropped connection must not notice.
        if (!dropped.has(client)) client.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endWithFile(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    open: () => clients.size,
    drop: () => {
      for (const client of clients) dropped.add(client);
    },
  };
}
