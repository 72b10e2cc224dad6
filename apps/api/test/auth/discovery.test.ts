import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { configurationUrl, discoveredKeys } from '../../src/auth/discovery.ts';
import { SigningKeysUnavailableError } from '../../src/auth/signing-keys.ts';
import type { VerifyToken } from '../../src/auth/verify-token.ts';
import { signedToken } from '../harness/compact-token.ts';
import { ecPair, type SigningPair } from '../harness/jwks-server.ts';
import { verifierOf } from '../harness/verifier.ts';

const hour = 3_600_000;
const path = '/tenant/.well-known/openid-configuration';

test.each([
  ['https://a.example', 'https://a.example/.well-known/openid-configuration'],
  ['https://a.example/', 'https://a.example/.well-known/openid-configuration'],
  [
    'https://a.example/realms/main',
    'https://a.example/realms/main/.well-known/openid-configuration',
  ],
  ['https://a.example/v2.0/', 'https://a.example/v2.0/.well-known/openid-configuration'],
  ['https://a.example//', 'https://a.example//.well-known/openid-configuration'],
])('the configuration of %s is at %s', (issuer, url) => {
  expect(configurationUrl(issuer)).toBe(url);
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (value: unknown): Answer =>
  (response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end('{}');

describe('verification with JWT_OIDC_ISSUER', () => {
  let issuer: string;
  let origin: string;
  /** The responses by path. A test replaces them. */
  let answers: Map<string, Answer>;
  let asked: string[];
  let clock: number;
  let failures: { readonly message: string; readonly url: string }[];
  let verify: VerifyToken;
  let one: SigningPair;

  const jwks = (...pairs: readonly SigningPair[]) =>
    json({
      keys: pairs.map(({ publicKey }, index) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid: String(index),
      })),
    });
  const tokenBy = ({ privateKey }: SigningPair, claims: object = {}, kid = '0') => {
    const payload = { iss: issuer, sub: 'user', exp: Date.now() / 1000 + 60, ...claims };
    return signedToken({ alg: 'ES256', kid }, payload, privateKey);
  };
  const configuration = (more: object = {}) =>
    json({ issuer, jwks_uri: `${origin}/keys`, ...more });
  const requests = (to: string) => asked.filter((url) => url === to).length;

  function start(requireHttps = false): VerifyToken {
    const keys = discoveredKeys({
      issuer,
      requireHttps,
      now: () => clock,
      onFailure: (cause, url) => void failures.push({ message: (cause as Error).message, url }),
    });
    return verifierOf(keys, { JWT_OIDC_ISSUER: issuer });
  }

  beforeEach(async () => {
    asked = [];
    failures = [];
    clock = 0;
    one = ecPair();
    const server = createServer((request, response) => {
      asked.push(request.url as string);
      (answers.get(request.url as string) ?? status(404))(response, request);
    });
    origin = `http://127.0.0.1:${await listenOnLoopback(server)}`;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    issuer = `${origin}/tenant`;
    answers = new Map([
      [path, configuration()],
      ['/keys', jwks(one)],
    ]);
    verify = start();
  });

  test('finds the keys with one read of the configuration and one of the keys', async () => {
    const tokens = [tokenBy(one), tokenBy(one), tokenBy(one)];
    expect(await Promise.all(tokens.map(verify))).toMatchObject(Array(3).fill({ userId: 'user' }));
    expect(asked).toEqual([path, '/keys']);
  });

  test('compares the issuer of a token exactly', async () => {
    for (const iss of [`${issuer}/`, `${origin}/Tenant`, undefined])
      expect(await verify(tokenBy(one, { iss }))).toBe('issuer');
  });

  test('an issuer that ends in a slash is compared with the slash', async () => {
    issuer = `${origin}/tenant/`;
    answers.set(path, configuration());
    verify = start();
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    expect(await verify(tokenBy(one, { iss: `${origin}/tenant` }))).toBe('issuer');
    expect(asked).toEqual([path, '/keys']);
  });

  const redirect: Answer = (response) =>
    response.writeHead(302, { location: '/elsewhere?token=secret' }).end();
  const huge: Answer = (response) => {
    const send = () => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
    };
    response.on('drain', send);
    send();
  };
  const slow: Answer = (response) => {
    const timer = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(timer));
  };

  test.each<[string, () => Answer, string]>([
    [
      'names another issuer',
      () => configuration({ issuer: 'https://other.example' }),
      'The document has the issuer "https://other.example", not "ISSUER".',
    ],
    [
      'names the issuer with a slash more',
      () => configuration({ issuer: `${issuer}/` }),
      'The document has the issuer "ISSUER/", not "ISSUER".',
    ],
    [
      'names a placeholder, like the one for all tenants of Entra ID',
      () => configuration({ issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }),
      'The document has the issuer "https://login.microsoftonline.com/{tenantid}/v2.0", not "ISSUER".',
    ],
    [
      'names no issuer',
      () => configuration({ issuer: undefined }),
      'The response is not an OpenID configuration with "issuer" and "jwks_uri".',
    ],
    [
      'names no keys',
      () => configuration({ jwks_uri: undefined }),
      'The response is not an OpenID configuration with "issuer" and "jwks_uri".',
    ],
    [
      'is a list',
      () => json([]),
      'The response is not an OpenID configuration with "issuer" and "jwks_uri".',
    ],
    ['is not JSON', () => (response) => response.end('<html>'), 'The response is not JSON.'],
    ['is an error', () => status(503), 'The response has status 503.'],
    [
      'redirects',
      () => redirect,
      'The response is a redirect (302) to ORIGIN/elsewhere; set the final address instead.',
    ],
    ['never ends and is huge', () => huge, 'The response is larger than 1024 KiB.'],
    ['never ends and is slow', () => slow, 'The operation was aborted due to timeout'],
    [
      'leads to a file',
      () => configuration({ jwks_uri: 'file:///etc/passwd' }),
      'The "jwks_uri" is not a URL with https: or http: without a password.',
    ],
    [
      'leads to a relative address',
      () => configuration({ jwks_uri: '/keys' }),
      'The "jwks_uri" is not a URL with https: or http: without a password.',
    ],
    [
      'leads to an address with a password',
      () => configuration({ jwks_uri: 'https://user:secret@issuer.example/' }),
      'The "jwks_uri" is not a URL with https: or http: without a password.',
    ],
  ])('is unavailable, and says why, if the configuration %s', async (_what, answer, message) => {
    answers.set(path, answer());
    await expect(verify(tokenBy(one))).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    const expected = message.replaceAll('ISSUER', issuer).replaceAll('ORIGIN', origin);
    expect(failures).toEqual([{ message: expected, url: `${origin}${path}` }]);
    expect(asked).toEqual([path]);
  });

  test('never fetches keys over http: in production', async () => {
    const verifyInProduction = start(true);
    await expect(verifyInProduction(tokenBy(one))).rejects.toBeInstanceOf(
      SigningKeysUnavailableError,
    );
    expect(failures).toEqual([
      {
        message: 'The "jwks_uri" is not a URL with https: without a password.',
        url: `${origin}${path}`,
      },
    ]);
    expect(asked).toEqual([path]);
  });

  test('reports the address of the keys if they cannot be fetched, once for each fetch', async () => {
    answers.set('/keys', status(500));
    await expect(verify(tokenBy(one))).rejects.toMatchObject({
      cause: { message: 'The response has status 500.' },
    });
    expect(failures).toEqual([{ message: 'The response has status 500.', url: `${origin}/keys` }]);
  });

  test('works as soon as a provider that was down at the start is back', async () => {
    answers.set(path, status(503));
    for (clock of [0, 1_000, 4_999])
      await expect(verify(tokenBy(one))).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(asked).toEqual([path]);
    answers.set(path, configuration());
    clock = 5_000;
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
  });

  test('goes on with the fetched keys while the provider is down, for 24 hours', async () => {
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    answers.set(path, status(503));
    answers.set('/keys', status(503));
    for (clock of [hour, 2 * hour, 24 * hour])
      expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    clock = 24 * hour + 1;
    await expect(verify(tokenBy(one))).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(new Set(failures.map(({ url }) => url))).toEqual(
      new Set([`${origin}${path}`, `${origin}/keys`]),
    );
  });

  test('a configuration that goes bad later changes no keys, and is reported', async () => {
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    const attacker = ecPair();
    answers.set('/attacker', jwks(attacker));
    answers.set(
      path,
      configuration({ issuer: 'https://attacker.example', jwks_uri: `${origin}/attacker` }),
    );
    clock = 2 * hour;
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    expect(await verify(tokenBy(attacker, {}, '1'))).toBe('unknown_key');
    expect(failures[0]?.message).toContain('"https://attacker.example"');
    expect(requests('/attacker')).toBe(0);
    // A key that the issuer withdraws still stops verifying within five minutes.
    answers.set('/keys', jwks());
    clock += 300_001;
    expect(await verify(tokenBy(one))).toBe('unknown_key');
  });

  test('follows the keys to another address within 75 minutes, and reads hourly at most', async () => {
    const two = ecPair();
    for (clock = 0; clock < hour; clock += 60_000) {
      expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
      await verify(tokenBy(one, {}, 'unknown'));
    }
    expect(requests(path)).toBe(1);
    answers.set('/moved', jwks(one, two));
    answers.set(path, configuration({ jwks_uri: `${origin}/moved` }));
    for (; clock <= 1.25 * hour; clock += 60_000) await verify(tokenBy(one, {}, 'unknown'));
    expect(await verify(tokenBy(two, {}, '1'))).toMatchObject({ userId: 'user' });
    expect(requests(path)).toBe(2);
  });

  test('finds a new key at once, and reads the configuration no further time', async () => {
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    const two = ecPair();
    answers.set('/keys', jwks(one, two));
    clock = 5_000;
    expect(await verify(tokenBy(two, {}, '1'))).toMatchObject({ userId: 'user' });
    expect(requests(path)).toBe(1);
  });

  test('300 unknown key ids in a minute cause at most 20 requests', async () => {
    for (let index = 0; index < 300; index++) {
      clock = index * 200;
      expect(await verify(tokenBy(one, {}, `unknown ${index}`))).toBe('unknown_key');
    }
    expect(asked.length).toBeLessThanOrEqual(20);
  });
});
