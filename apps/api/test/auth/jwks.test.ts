import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { jwksKeys } from '../../src/auth/jwks.ts';
import { SigningKeysUnavailableError } from '../../src/auth/signing-keys.ts';
import { createTokenVerifier, type VerifyToken } from '../../src/auth/verify-token.ts';
import { encodePart, hmacToken, nonCanonical, signedToken } from '../harness/compact-token.ts';
import { ecPair, type JwksServer, rsaPair, type SigningPair, startJwksServer } from '../harness/jwks-server.ts';

const rsa = rsaPair();
const ec = ecPair();
const claims = { sub: 'user', exp: Date.now() / 1000 + 3600 };

describe('tokens are verified by the keys that a URL publishes', () => {
  let jwks: JwksServer;
  let clock: number;
  let failures: string[];
  let verify: VerifyToken;

  beforeEach(async () => {
    jwks = await startJwksServer();
    jwks.publish(
      { publicKey: rsa.publicKey, members: { kid: 'rsa', use: 'sig', alg: 'RS256' } },
      { publicKey: ec.publicKey, members: { kid: 'ec' } },
    );
    clock = 0;
    failures = [];
    verify = createTokenVerifier({
      keys: jwksKeys(
        jwks.url,
        () => clock,
        (cause) => void failures.push((cause as Error).message),
      ),
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
    expect(principals).toMatchObject(Array(4).fill({ userId: 'user' }));
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
    ['the last bits of the signature spelled otherwise', nonCanonical(byEc())],
    ['alg none', `${encodePart({ alg: 'none', kid: 'rsa' })}.${encodePart(claims)}.`],
    [
      'an empty HMAC key',
      `${encodePart({ alg: 'HS256', kid: 'rsa' })}.${encodePart(claims)}.${createHmac('sha256', '').digest('base64url')}`,
    ],
  ])('refused: %s', async (_what, token) => {
    expect(await verify(token)).toBeTypeOf('string');
  });

  /** Publishes entries as they are beside a good key, and expects that one to verify all the same. */
  async function publishBeside(...entries: readonly unknown[]): Promise<void> {
    const good = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' };
    jwks.answer = { keys: [...entries, good, ...entries] };
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
  }

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });

  test.each<[string, SigningPair, object]>([
    ['for a curve that ES256 does not have', ecPair('P-384'), {}],
    ['on secp256k1', ecPair('secp256k1'), {}],
    ['for another algorithm', rsa, { alg: 'RS512' }],
    ['for encryption', rsa, { use: 'enc' }],
    ['for wrapping keys', rsa, { key_ops: ['wrapKey'] }],
    ['of RSA with fewer than 2048 bits', weak, {}],
    ['whose kid is a number', rsa, { kid: 5 }],
  ])('passes over a published key %s', async (_what, { publicKey, privateKey }, members) => {
    await publishBeside({ ...publicKey.export({ format: 'jwk' }), kid: 'odd', ...members });
    const alg = privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
    for (const kid of ['odd', '5', undefined]) {
      expect(await verify(signedToken({ alg, kid }, claims, privateKey))).toBeTypeOf('string');
    }
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'x'],
    ['a list', [{}]],
    ['an object without members', {}],
    ['a key of an unknown kind', { kty: 'AKP', kid: 'ec', alg: 'ML-DSA-44', pub: 'AAAA' }],
    ['a symmetric key', { kty: 'oct', kid: 'ec', k: 'AAAA' }],
    ['a point that is not on the curve', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'ec' }],
    ['a key without its numbers', { kty: 'RSA', kid: 'ec' }],
  ])('passes over an entry that is %s', async (_what, entry) => {
    await publishBeside(entry);
  });

  test('tries every key without a kid, for tokens with and without one', async () => {
    const pairs = [rsaPair(), rsaPair(), ecPair(), ecPair()];
    jwks.publish(...pairs.map(({ publicKey }) => ({ publicKey, members: {} })));
    for (const { privateKey } of pairs) {
      const alg = privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
      for (const kid of [undefined, 'any']) {
        expect(await verify(signedToken({ alg, kid }, claims, privateKey))).toMatchObject({ userId: 'user' });
      }
    }
    expect(await verify(byRsa({ kid: undefined }))).toBe('signature');
  });

  test('a key without a kid that replaces another works within 30 s', async () => {
    const [one, other] = [rsaPair(), rsaPair()];
    const tokenBy = ({ privateKey }: SigningPair) => signedToken({ alg: 'RS256' }, claims, privateKey);
    jwks.publish({ publicKey: one.publicKey, members: {} });
    expect(await verify(tokenBy(one))).toMatchObject({ userId: 'user' });
    jwks.publish({ publicKey: other.publicKey, members: {} });
    clock = 30_000;
    expect(await verify(tokenBy(other))).toMatchObject({ userId: 'user' });
    expect(await verify(tokenBy(one))).toBe('signature');
  });

  test('tries both of two keys with the same kid', async () => {
    const another = rsaPair();
    jwks.publish(
      { publicKey: another.publicKey, members: { kid: 'rsa' } },
      { publicKey: rsa.publicKey, members: { kid: 'rsa' } },
    );
    const byAnother = signedToken({ alg: 'RS256', kid: 'rsa' }, claims, another.privateKey);
    expect([await verify(byRsa()), await verify(byAnother)]).toMatchObject([{ userId: 'user' }, { userId: 'user' }]);
  });

  test.each<[string, unknown]>([
    ['is empty', { keys: [] }],
    ['holds a key for encryption alone', { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), use: 'enc' }] }],
    ['holds only entries that are no keys', { keys: [null, 'x', {}] }],
  ])('a set that %s withdraws every key within 5 minutes, while it goes on being fetched', async (_what, answer) => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.answer = answer;
    clock = 300_001;
    expect(await verify(byRsa())).toBe('unknown_key');
    expect(failures).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no list of keys', { keys: {} }],
    ['null', null],
    ['a list', []],
  ])('an answer with %s is a failed fetch: known keys stay', async (_what, answer) => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.answer = answer;
    clock = 300_001;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(failures).toEqual(['The answer is not a JWK set: it has no list "keys".']);
  });

  test('keys are used for 24 hours after the last good fetch, and then no longer', async () => {
    const day = 24 * 3_600_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.mode = 'fails';
    clock = day;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    clock = day + 1;
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    clock = 1_000 * day;
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    jwks.mode = 'ok';
    clock += 5_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(failures.length).toBeGreaterThan(1);
  });

  test('a redirect is not followed, and its target is named without its query', async () => {
    jwks.mode = 'redirects';
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    const target = new URL('/elsewhere', jwks.url).href;
    expect(failures).toEqual([`The answer was a redirect (302) to ${target}; set the final address instead.`]);
  });

  test('300 unknown kids in a minute cause at most 20 fetches', async () => {
    for (let index = 0; index < 300; index++) {
      clock = index * 200;
      expect(await verify(byRsa({ kid: `unknown ${index}` }))).toBeTypeOf('string');
    }
    expect(jwks.fetches()).toBeGreaterThan(1);
    expect(jwks.fetches()).toBeLessThanOrEqual(20);
  });

  test('a key that is added works within 30 s, also during such a flood', async () => {
    const added = rsaPair();
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.publish({ publicKey: added.publicKey, members: { kid: 'added' } });
    const token = signedToken({ alg: 'RS256', kid: 'added' }, claims, added.privateKey);
    let worksAfter: number | undefined;
    for (clock = 100; clock <= 30_000 && worksAfter === undefined; clock += 100) {
      await verify(byRsa({ kid: `unknown ${clock}` }));
      if (typeof (await verify(token)) !== 'string') worksAfter = clock;
    }
    expect(worksAfter).toBeLessThanOrEqual(30_000);
  });

  test('a key that is withdrawn ends within 5 minutes, also for the first token after a pause', async () => {
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.publish({ publicKey: rsa.publicKey, members: { kid: 'rsa' } });
    clock = 300_001;
    expect(await Promise.all([byEc(), byRsa(), byEc()].map(verify))).toMatchObject([
      'unknown_key',
      { userId: 'user' },
      'unknown_key',
    ]);
    expect(jwks.fetches()).toBe(2);
  });

  test('where tokens keep coming, none waits for the set to be fetched again', async () => {
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.mode = 'hangs';
    clock = 299_000;
    const begun = Date.now();
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    expect(Date.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => jwks.fetches()).toBe(2);
  });

  test('a URL that fails is an error for a token that needs it, never a refusal; and it recovers', async () => {
    jwks.mode = 'fails';
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(jwks.fetches()).toBe(1);
    jwks.mode = 'ok';
    clock = 5_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
  });

  test.each(['none', 'HS256', 'RS512', 'PS256', 'ES384', 'rs256', ''])(
    'but a token by %j needs none: it is refused, and nothing is asked',
    async (alg) => {
      jwks.mode = 'fails';
      expect(await verify(hmacToken({ alg, kid: 'rsa' }, claims, 'a secret'))).toBeTypeOf('string');
      expect(jwks.fetches()).toBe(0);
    },
  );

  test('keys that were fetched go on while the URL fails', async () => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.mode = 'fails';
    clock = 400_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    clock = 410_000;
    await expect(verify(byRsa({ kid: 'new' }))).rejects.toBeInstanceOf(SigningKeysUnavailableError);
  });

  test('and while it never answers, only the first token waits for it', async () => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.mode = 'hangs';
    clock = 400_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    const begun = Date.now();
    for (clock = 401_000; clock < 410_000; clock += 1_000)
      expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(Date.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => jwks.fetches()).toBe(3);
  });

  test('but a key that was withdrawn meanwhile does not, once the URL has come back', async () => {
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.mode = 'fails';
    clock = 400_000;
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.publish({ publicKey: rsa.publicKey, members: { kid: 'rsa' } });
    jwks.mode = 'ok';
    clock = 500_000;
    expect(await verify(byEc())).toBeTypeOf('string');
  });

  test('a URL that never answers is given up within 10 s', async () => {
    jwks.mode = 'hangs';
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
    const keys = jwksKeys(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      () => clock,
      () => {},
    );
    const verifyBySlow = createTokenVerifier({ keys, issuer: undefined, audience: undefined, now: Date.now });
    const begun = Date.now();
    await expect(verifyBySlow(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });
});
