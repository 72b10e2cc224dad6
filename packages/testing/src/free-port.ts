import { type AddressInfo, createServer } from 'node:net';

/**
 * Returns a free port on the loopback interface. Another program could take the port before it is
 * used.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
