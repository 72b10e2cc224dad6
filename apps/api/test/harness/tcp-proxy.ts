import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Stands between a client and a server that may be replaced behind its address, and can swallow all that is sent. */
export interface TcpProxy {
  readonly port: number;
  /** The port that new connections go to. */
  target: number;
  /** Accepts connections and passes nothing on while true. */
  swallows: boolean;
  /** Number of connections so far. */
  connections(): number;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(proxy.target, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        if (!proxy.swallows) other.write(bytes);
      });
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    target,
    swallows: false,
    connections: () => connections,
  };
  return proxy;
}
