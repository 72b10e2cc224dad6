import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { onTestFinished } from 'vitest';

/**
 * A TCP proxy whose target a test can change. It can also discard all data, or respond in place of
 * the target.
 */
export interface TcpProxy {
  readonly port: number;
  /** Port to which new connections are forwarded. */
  target: number;
  /** Whether the proxy discards all data. It still accepts connections. */
  discards: boolean;
  /** The response that the proxy sends in place of the target. If undefined, the proxy forwards. */
  answer: string | undefined;
  /** Returns the number of accepted connections so far. */
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
        if (proxy.answer !== undefined) client.write(proxy.answer);
        else if (!proxy.discards) other.write(bytes);
      });
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const proxy: TcpProxy = {
    port: port,
    target,
    discards: false,
    answer: undefined,
    connections: () => connections,
  };
  return proxy;
}
