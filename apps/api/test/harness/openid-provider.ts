import { createServer } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { type Configuration, Provider } from 'oidc-provider';
import type { SigningPair } from './jwks-server.ts';

const client = { client_id: 'ci', client_secret: 'a secret of the tests' };

/** The audience of the tokens that the provider issues. */
export const providerAudience = 'https://api.andamio.example';

type ProviderAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** The id of the client that {@link OpenIdProvider.addPublicClient} adds. */
export const publicClientId = 'console';

interface PublicClient {
  readonly redirectUris: readonly string[];
  /** Seconds for which the client's access tokens are valid. */
  readonly accessTokenSeconds: number;
  /** Whether the client gets refresh tokens. */
  readonly hasRefreshTokens: boolean;
}

/** A certified OpenID provider (https://github.com/panva/node-oidc-provider) on loopback. */
export interface OpenIdProvider {
  readonly issuer: string;
  /** The paths of all received requests, oldest first. */
  readonly requests: string[];
  /** Requests an access token with the client credentials grant (RFC 6749 section 4.4). */
  token(options?: {
    readonly algorithm?: ProviderAlgorithm;
    readonly scope?: string;
  }): Promise<string>;
  /**
   * Replaces the signing keys with the given keys, by key id, as a restart with other keys would.
   */
  rotate(keys: Readonly<Record<string, SigningPair>>): void;
  /** Adds the client {@link publicClientId}, which people use to sign in with a browser. */
  addPublicClient(client: PublicClient): void;
  /** Stops accepting connections until {@link start} is called. */
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

  let publicClient: PublicClient | undefined;

  const configuration = (current: typeof keys): Configuration => ({
    clients: [
      { ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
      ...(publicClient === undefined
        ? []
        : [
            {
              client_id: publicClientId,
              // A native client may be redirected to loopback without TLS (RFC 8252 section 7.3).
              application_type: 'native' as const,
              token_endpoint_auth_method: 'none' as const,
              grant_types: ['authorization_code', 'refresh_token'],
              redirect_uris: [...publicClient.redirectUris],
              response_types: ['code' as const],
            },
          ]),
    ],
    clientBasedCORS: () => true,
    issueRefreshToken: async () => publicClient?.hasRefreshTokens === true,
    findAccount: (_context, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    cookies: { keys: ['a key of the tests'] },
    scopes: ['apikey:read', 'apikey:write'],
    ttl: { ClientCredentials: 300, Session: 3600, Grant: 3600, Interaction: 600, IdToken: 300 },
    jwks: {
      keys: Object.entries(current).map(([kid, { privateKey }]) => ({
        ...(privateKey.export({ format: 'jwk' }) as { kty: string }),
        kid,
        use: 'sig',
      })),
    },
    features: {
      devInteractions: { enabled: publicClient !== undefined },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => providerAudience,
        getResourceServerInfo: () => ({
          scope: 'apikey:read apikey:write',
          audience: providerAudience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: publicClient?.accessTokenSeconds ?? 300,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    extraTokenClaims: () => ({ plan: { tier: 'Pro' } }),
  });

  let current = keys;
  const rotate: OpenIdProvider['rotate'] = (next) => {
    current = next;
    handle = new Provider(issuer, configuration(current)).callback();
  };
  rotate(keys);

  return {
    issuer,
    requests,
    rotate,
    addPublicClient(added) {
      publicClient = added;
      rotate(current);
    },
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
