import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type KeyServer, startKeyServer } from './key-server.ts';

export interface SigningPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export const rsaPair = (): SigningPair => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ecPair = (namedCurve = 'P-256'): SigningPair =>
  generateKeyPairSync('ec', { namedCurve });
export const edPair = (): SigningPair => generateKeyPairSync('ed25519');

/** A server that publishes a JWKS. */
export interface JwksServer extends KeyServer {
  /**
   * Replaces the published keys. `members` are additional members of the JWK, such as `kid`, `alg`
   * and `use`.
   */
  publish(
    ...keys: { readonly publicKey: KeyObject; readonly members: Record<string, string> }[]
  ): void;
}

export async function startJwksServer(): Promise<JwksServer> {
  const server = await startKeyServer();
  return Object.assign(server, {
    publish(...published: Parameters<JwksServer['publish']>) {
      const keys = published.map(({ publicKey, members }) => ({
        ...publicKey.export({ format: 'jwk' }),
        ...members,
      }));
      server.answer = { keys };
    },
  });
}
