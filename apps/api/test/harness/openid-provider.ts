import { createServer } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { type Configuration, Provider } from 'oidc-provider';
import type { SigningPair } from './jwks-server.ts';

const client = { client_id: 'ci', client_secret: 'a secret of the tests' };

/** The audience of the tokens that the provider issues. */
export const providerAudience = 'https://api.andamio.example';

type ProviderAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** A certified OpenID provider (https://github.com/panva/node-oidc-provider) on loopback. */
export interface OpenIdProvider {
  readonly issuer: string;
  /** The paths of all received requests, oldest first. */
  readonly requests: string[];
  /** Requests an access token by the client credentials grant (RFC 6749 section 4.4). */
  token(options?: {
    readonly algorithm?: ProviderAlgorithm;
    readonly scope?: string;
  }): Promise<string>;
  /**
   * Replaces the signing keys with the given keys, by key id, as a restart with other keys would.
   */
  rotate(keys: Readonly<Record<string, SigningPair>>): void;
  /** Stops accepting connections, until {@link start}. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Creates a provider that signs with the given keys. The caller must stop the provider. */
export async function startOpenIdProvider(
  keys: Readonly<Record<string, SigningPair>>,
): Promise<OpenIdProvider> {
  let algorithm: ProviderAlgorithm = 'RS256';
  let handle: ReturnType<Provider['callback']>;
  const requests: string[] = [];

  const newServer = () =>
    createServer((request, response) => {
      requests.push(request.url as string);
      void handle(request, response);
    });
  let server = newServer();
  const port = await listenOnLoopback(server);
  const issuer = `http://127.0.0.1:${port}`;

  const configuration = (current: typeof keys): Configuration => ({
    clients: [
      { ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    ],
    scopes: ['apikey:read', 'apikey:write'],
    ttl: { ClientCredentials: 300 },
    jwks: {
      keys: Object.entries(current).map(([kid, { privateKey }]) => ({
        ...(privateKey.export({ format: 'jwk' }) as { kty: string }),
        kid,
        use: 'sig',
      })),
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => providerAudience,
        getResourceServerInfo: () => ({
          scope: 'apikey:read apikey:write',
          audience: providerAudience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    extraTokenClaims: () => ({ plan: { tier: 'Pro' } }),
  });

  const rotate: OpenIdProvider['rotate'] = (current) => {
    handle = new Provider(issuer, configuration(current)).callback();
  };
  rotate(keys);

  return {
    issuer,
    requests,
    rotate,
    async token(options = {}) {
      algorithm = options.algorithm ?? 'RS256';
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          ...client,
          grant_type: 'client_credentials',
          ...(options.scope !== undefined && { scope: options.scope }),
        }),
      });
      const answer = (await response.json()) as { access_token: string };
      if (!response.ok) throw new Error(JSON.stringify(answer));
      return answer.access_token;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      server = newServer();
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    },
  };
}
