import { constants, createHmac, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { jwksKeys } from '../../src/auth/jwks.ts';
import { SigningKeysUnavailableError } from '../../src/auth/signing-keys.ts';
import { createTokenVerifier, type VerifyToken } from '../../src/auth/verify-token.ts';
import { encodePart, hmacToken, respelled, signedToken } from '../harness/compact-token.ts';
import { ecPair, type JwksServer, rsaPair, startJwksServer } from '../harness/jwks-server.ts';

const rsa = rsaPair();
const ec = ecPair();
const claims = { sub: 'user', exp: Date.now() / 1000 + 3600 };

describe('tokens are verified by the keys that a URL publishes', () => {
  let jwks: JwksServer;
  let clock: number;
  let verify: VerifyToken;

  beforeEach(async () => {
    jwks = await startJwksServer();
    jwks.publish(
      { publicKey: rsa.publicKey, members: { kid: 'rsa', use: 'sig', alg: 'RS256' } },
      { publicKey: ec.publicKey, members: { kid: 'ec' } },
    );
    clock = 0;
    verify = createTokenVerifier({
      findKeys: jwksKeys(jwks.url, () => clock),
      issuer: undefined,
      audience: undefined,
      now: Date.now,
    });
  });
  afterEach(() => jwks.close());

  const byRsa = (header: object = {}) => signedToken({ alg: 'RS256', kid: 'rsa', ...header }, claims, rsa.privateKey);
  const byEc = (header: object = {}) => signedToken({ alg: 'ES256', kid: 'ec', ...header }, claims, ec.privateKey);

  test('RS256 and ES256 verify, with one fetch for all', async () => {
    const principals = await Promise.all([byRsa(), byEc(), byRsa(), byEc()].map(verify));
    expect(principals.map((principal) => principal?.userId)).toEqual(['user', 'user', 'user', 'user']);
    expect(jwks.fetches()).toBe(1);
  });

  const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const jwk = rsa.publicKey.export({ format: 'jwk' });
  const pss = (() => {
    const signed = `${encodePart({ alg: 'PS256', kid: 'rsa' })}.${encodePart(claims)}`;
    const key = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  })();
  const der = (() => {
    const signed = `${encodePart({ alg: 'ES256', kid: 'ec' })}.${encodePart(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), ec.privateKey).toString('base64url')}`;
  })();

  test.each<[string, string]>([
    ['HS256 by the public key in PEM', hmacToken({ alg: 'HS256', kid: 'rsa' }, claims, pem)],
    ['HS256 by the public key as JWK', hmacToken({ alg: 'HS256', kid: 'rsa' }, claims, JSON.stringify(jwk))],
    [
      'HS256 by the modulus',
      hmacToken({ alg: 'HS256', kid: 'rsa' }, claims, Buffer.from(jwk.n as string, 'base64url')),
    ],
    ['RS256 claimed over an HMAC', hmacToken({ alg: 'RS256', kid: 'rsa' }, claims, pem)],
    ['RS512 by the right key', signedToken({ alg: 'RS512', kid: 'rsa' }, claims, rsa.privateKey, 'sha512')],
    ['PS256 by the right key', pss],
    ['ES256 with a signature in DER', der],
    ['the key of another kid', byEc({ kid: 'rsa' })],
    ['another key under the same kid', signedToken({ alg: 'RS256', kid: 'rsa' }, claims, rsaPair().privateKey)],
    ['no kid, where there is a choice', byRsa({ kid: undefined })],
    ['an unknown kid', byRsa({ kid: 'unknown' })],
    ['kid __proto__', byRsa({ kid: '__proto__' })],
    ['a key of its own', byRsa({ kid: 'mine', jwk })],
    ['the last bits of the signature spelled otherwise', respelled(byEc())],
    ['alg none', `${encodePart({ alg: 'none', kid: 'rsa' })}.${encodePart(claims)}.`],
    [
      'an empty HMAC key',
      `${encodePart({ alg: 'HS256', kid: 'rsa' })}.${encodePart(claims)}.${createHmac('sha256', '').digest('base64url')}`,
    ],
  ])('refused: %s', async (_what, token) => {
    expect(await verify(token)).toBeUndefined();
  });

  test.each([
    ['a curve that ES256 does not have', ecPair('P-384'), {}],
    ['a key for another algorithm', rsa, { alg: 'RS512' }],
    ['a key for encryption', rsa, { use: 'enc' }],
  ])('a published key does not count: %s', async (_what, pair, members) => {
    jwks.publish(
      { publicKey: ec.publicKey, members: { kid: 'ec' } },
      { publicKey: pair.publicKey, members: { kid: 'odd', ...members } },
    );
    const alg = pair === rsa ? 'RS256' : 'ES256';
    expect(await verify(signedToken({ alg, kid: 'odd' }, claims, pair.privateKey))).toBeUndefined();
  });

  test('300 unknown kids in a minute cause at most 20 fetches', async () => {
    for (let index = 0; index < 300; index++) {
      clock = index * 200;
      expect(await verify(byRsa({ kid: `unknown ${index}` }))).toBeUndefined();
    }
    expect(jwks.fetches()).toBeGreaterThan(1);
    expect(jwks.fetches()).toBeLessThanOrEqual(20);
  });

  test('a key that is added works within 30 s, also during such a flood', async () => {
    const added = rsaPair();
    expect(await verify(byRsa())).toBeDefined();
    jwks.publish({ publicKey: added.publicKey, members: { kid: 'added' } });
    const token = signedToken({ alg: 'RS256', kid: 'added' }, claims, added.privateKey);
    let worksAfter: number | undefined;
    for (clock = 100; clock <= 30_000 && worksAfter === undefined; clock += 100) {
      await verify(byRsa({ kid: `unknown ${clock}` }));
      if (await verify(token)) worksAfter = clock;
    }
    expect(worksAfter).toBeLessThanOrEqual(30_000);
  });

  test('a key that is withdrawn ends within 5 minutes, also for the first token after a pause', async () => {
    expect(await verify(byEc())).toBeDefined();
    jwks.publish({ publicKey: rsa.publicKey, members: { kid: 'rsa' } });
    clock = 300_001;
    expect(await Promise.all([byEc(), byRsa(), byEc()].map(verify))).toMatchObject([
      undefined,
      { userId: 'user' },
      undefined,
    ]);
    expect(jwks.fetches()).toBe(2);
  });

  test('where tokens keep coming, none waits for the set to be fetched again', async () => {
    expect(await verify(byEc())).toBeDefined();
    jwks.mood = 'silent';
    clock = 299_000;
    const begun = Date.now();
    expect(await verify(byEc())).toBeDefined();
    expect(Date.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => jwks.fetches()).toBe(2);
  });

  test('a URL that fails is an error for a token that needs it, never a refusal; and it recovers', async () => {
    jwks.mood = 'broken';
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(jwks.fetches()).toBe(1);
    jwks.mood = 'ok';
    clock = 5_000;
    expect(await verify(byRsa())).toBeDefined();
  });

  test.each(['none', 'HS256', 'RS512', 'PS256', 'ES384', 'rs256', ''])(
    'but a token by %j needs none: it is refused, and nothing is asked',
    async (alg) => {
      jwks.mood = 'broken';
      expect(await verify(hmacToken({ alg, kid: 'rsa' }, claims, 'a secret'))).toBeUndefined();
      expect(jwks.fetches()).toBe(0);
    },
  );

  test('keys that were fetched go on while the URL fails', async () => {
    expect(await verify(byRsa())).toBeDefined();
    jwks.mood = 'broken';
    clock = 400_000;
    expect(await verify(byRsa())).toBeDefined();
    expect(await verify(byEc())).toBeDefined();
    clock = 410_000;
    await expect(verify(byRsa({ kid: 'new' }))).rejects.toBeInstanceOf(SigningKeysUnavailableError);
  });

  test('and while it never answers, only the first token waits for it', async () => {
    expect(await verify(byRsa())).toBeDefined();
    jwks.mood = 'silent';
    clock = 400_000;
    expect(await verify(byRsa())).toBeDefined();
    const begun = Date.now();
    for (clock = 401_000; clock < 410_000; clock += 1_000) expect(await verify(byRsa())).toBeDefined();
    expect(Date.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => jwks.fetches()).toBe(3);
  });

  test('but a key that was withdrawn meanwhile does not, once the URL has come back', async () => {
    expect(await verify(byEc())).toBeDefined();
    jwks.mood = 'broken';
    clock = 400_000;
    expect(await verify(byEc())).toBeDefined();
    jwks.publish({ publicKey: rsa.publicKey, members: { kid: 'rsa' } });
    jwks.mood = 'ok';
    clock = 500_000;
    expect(await verify(byEc())).toBeUndefined();
  });

  test('a URL that never answers is given up within 10 s', async () => {
    jwks.mood = 'silent';
    const begun = Date.now();
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['stops within its answer', (response) => response.write('{"keys":[')],
    ['breaks off within its answer', (response) => response.write('{"keys":[', () => response.destroy())],
    ['never comes to the end of its answer', (response) => setInterval(() => response.write(' '), 100).unref()],
  ])('and so is one that %s', async (_what, answer) => {
    const server = createServer((_request, response) => answer(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const findKeys = jwksKeys(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, () => clock);
    const begun = Date.now();
    await expect(findKeys({ alg: 'RS256', kid: 'rsa' })).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });
});
