import { randomBytes, sign } from 'node:crypto';
import { ecPair, type SigningPair } from './jwks-server.ts';
import { type KeyServer, startKeyServer } from './key-server.ts';

export const alertsPath = '/api/v1/github/secret-scanning';

/** A signing key of GitHub, with the identifier under which GitHub publishes it. */
export interface GithubKey extends SigningPair {
  readonly identifier: string;
}

export function githubKey(pair: SigningPair = ecPair()): GithubKey {
  return { ...pair, identifier: randomBytes(32).toString('hex') };
}

/** A fake of the GitHub endpoint that publishes public keys. */
export interface Github extends KeyServer {
  /** Replaces the published keys. */
  publish(...keys: readonly GithubKey[]): void;
}

export async function startGithub(...keys: readonly GithubKey[]): Promise<Github> {
  const server = await startKeyServer();
  const github = Object.assign(server, {
    publish(...published: readonly GithubKey[]) {
      server.answer = {
        public_keys: published.map(({ identifier, publicKey }, index) => ({
          key_identifier: identifier,
          key: publicKey.export({ format: 'pem', type: 'spki' }),
          is_current: index === 0,
        })),
      };
    },
  });
  github.publish(...keys);
  return github;
}

/** Returns an alert for a leaked token. */
export function alertOf(token: string, more: Record<string, unknown> = {}) {
  return {
    token,
    type: 'andamio_api_key',
    url: 'https://github.com/octocat/hello/blob/main/.env',
    source: 'content',
    ...more,
  };
}

/** Returns the headers that contain the body's signature and the identifier of the signing key. */
export function signatureHeadersOf(
  body: string | Uint8Array,
  { identifier, privateKey }: GithubKey,
) {
  return {
    'Github-Public-Key-Identifier': identifier,
    'Github-Public-Key-Signature': sign('sha256', Buffer.from(body as string), privateKey).toString(
      'base64',
    ),
  };
}

/** A response of the service's alerts endpoint. */
export interface AlertsAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Sends a body to the service's alerts endpoint. */
export async function sendBytes(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Promise<AlertsAnswer> {
  const response = await fetch(`${url}${alertsPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: '*/*', ...headers },
    body,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** Sends alerts to the service, signed with a GitHub signing key. */
export function sendAlerts(url: string, message: unknown, key: GithubKey): Promise<AlertsAnswer> {
  const body = JSON.stringify(message);
  return sendBytes(url, body, signatureHeadersOf(body, key));
}
