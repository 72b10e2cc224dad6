import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { endWithFile } from './end-with-file.ts';

/** A TCP proxy that forgets connections, as NAT gateways and load balancers do with idle ones. */
export interface DroppingProxy {
  readonly url: string;
  /** How many connections are open. */
  open(): number;
  /** Forgets all open connections without a word to either end: whatever is sent over one of them is answered with RST. */
  drop(): void;
}

/** Starts a proxy in front of `targetUrl`; it ends with the test file. */
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
        // The other end of a dropped connection hears nothing of it.
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
