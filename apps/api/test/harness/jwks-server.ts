import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SigningPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export const rsaPair = (): SigningPair => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ecPair = (namedCurve = 'P-256'): SigningPair => generateKeyPairSync('ec', { namedCurve });

/** A JWKS endpoint over real HTTP, whose keys and moods a test sets. */
export interface JwksServer {
  readonly url: string;
  /** How often it was asked. */
  fetches(): number;
  /** Publishes these keys from now on; the members beside the key are as given (`kid`, `alg`, `use`). */
  publish(...keys: { readonly publicKey: KeyObject; readonly members: Record<string, string> }[]): void;
  /** `ok` answers, `broken` answers 500, `silent` never answers. */
  mood: 'ok' | 'broken' | 'silent';
  close(): Promise<void>;
}

export async function startJwksServer(): Promise<JwksServer> {
  let keys: object[] = [];
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches++;
    if (endpoint.mood === 'silent') return;
    response.statusCode = endpoint.mood === 'ok' ? 200 : 500;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: JwksServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    fetches: () => fetches,
    publish(...published) {
      keys = published.map(({ publicKey, members }) => ({ ...publicKey.export({ format: 'jwk' }), ...members }));
    },
    mood: 'ok',
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}
