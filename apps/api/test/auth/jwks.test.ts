import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { jwksKeys } from '../../src/auth/jwks.ts';
import { SigningKeysUnavailableError } from '../../src/auth/signing-keys.ts';
import type { VerifyToken } from '../../src/auth/verify-token.ts';
import { encodePart, hmacToken, nonCanonical, signedToken } from '../harness/compact-token.ts';
import {
  ecPair,
  edPair,
  type JwksServer,
  rsaPair,
  type SigningPair,
  startJwksServer,
} from '../harness/jwks-server.ts';
import { verifierOf } from '../harness/verifier.ts';

const rsa = rsaPair();
const ec = ecPair();
const ed = edPair();
const claims = { sub: 'user', exp: Date.now() / 1000 + 3600 };

describe('verification with JWT_JWKS_URL', () => {
  let jwks: JwksServer;
  let clock: number;
  let failures: string[];
  let verify: VerifyToken;

  beforeEach(async () => {
    jwks = await startJwksServer();
    jwks.publish(
      { publicKey: rsa.publicKey, members: { kid: 'rsa', use: 'sig', alg: 'RS256' } },
      { publicKey: ec.publicKey, members: { kid: 'ec' } },
      { publicKey: ed.publicKey, members: { kid: 'ed' } },
    );
    clock = 0;
    failures = [];
    verify = verifierOf(
      jwksKeys(
        jwks.url,
        () => clock,
        (cause) => void failures.push((cause as Error).message),
      ),
    );
  });
  afterEach(() => jwks.close());

  const byRsa = (header: object = {}) =>
    signedToken({ alg: 'RS256', kid: 'rsa', ...header }, claims, rsa.privateKey);
  const byEc = (header: object = {}) =>
    signedToken({ alg: 'ES256', kid: 'ec', ...header }, claims, ec.privateKey);
  const byEd = (more: object = {}, header: object = {}) =>
    signedToken({ alg: 'EdDSA', kid: 'ed', ...header }, { ...claims, ...more }, ed.privateKey);

  test('verifies RS256, ES256 and EdDSA tokens with a single fetch of the key set', async () => {
    const tokens = [byRsa(), byEc(), byEd(), byRsa(), byEc(), byEd()];
    const principals = await Promise.all(tokens.map(verify));
    expect(principals).toMatchObject(Array(6).fill({ userId: 'user' }));
    expect(jwks.fetches()).toBe(1);
  });

  test.each(['EdDSA', 'Ed25519', undefined])(
    'verifies tokens by both names of EdDSA with a key whose alg is %s',
    async (alg) => {
      const members = { kid: 'ed', ...(alg !== undefined && { alg }) };
      jwks.publish({ publicKey: ed.publicKey, members });
      for (const name of ['EdDSA', 'Ed25519'])
        expect(await verify(byEd({}, { alg: name }))).toMatchObject({ userId: 'user' });
    },
  );

  const now = Math.floor(Date.now() / 1000);

  test.each<[string, string]>([
    ['expired', byEd({ exp: now - 60 })],
    ['not_yet_valid', byEd({ nbf: now + 60 })],
    ['claims', byEd({ exp: undefined })],
    ['claims', byEd({ exp: 'soon' })],
    ['claims', byEd({ nbf: 'soon' })],
    ['claims', byEd({ iat: 'soon' })],
    ['claims', byEd({ sub: '' })],
    ['algorithm', byEd({}, { alg: 'Ed448' })],
    ['malformed', byEd({}, { crit: ['exp'] })],
    ['malformed', nonCanonical(byEd())],
    ['unknown_key', byEd({}, { kid: 'ec' })],
    ['unknown_key', byEd({}, { alg: 'ES256' })],
    ['signature', signedToken({ alg: 'EdDSA', kid: 'ed' }, claims, edPair().privateKey)],
    ['signature', byEd().split('.').slice(0, 2).concat(byEc().split('.').slice(2)).join('.')],
    ['signature', `${byEd().slice(0, -86)}`],
  ])('rejects an EdDSA token with the reason %s like any other', async (reason, token) => {
    expect(await verify(token)).toBe(reason);
  });

  test('grants an EdDSA token the same clock tolerance of 5 s', async () => {
    const seconds = Date.now() / 1000;
    for (const times of [{ exp: seconds - 3 }, { nbf: seconds + 4 }])
      expect(await verify(byEd(times))).toMatchObject({ userId: 'user' });
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
    ['HS256 with the public key in PEM', hmacToken({ alg: 'HS256', kid: 'rsa' }, claims, pem)],
    [
      'HS256 with the public key as JWK',
      hmacToken({ alg: 'HS256', kid: 'rsa' }, claims, JSON.stringify(jwk)),
    ],
    [
      'HS256 with the modulus',
      hmacToken({ alg: 'HS256', kid: 'rsa' }, claims, Buffer.from(jwk.n as string, 'base64url')),
    ],
    ['alg RS256 and an HMAC', hmacToken({ alg: 'RS256', kid: 'rsa' }, claims, pem)],
    [
      'RS512 with the correct key',
      signedToken({ alg: 'RS512', kid: 'rsa' }, claims, rsa.privateKey, 'sha512'),
    ],
    ['PS256 with the correct key', pss],
    ['ES256 with a signature in DER', der],
    ["another published key's kid", byEc({ kid: 'rsa' })],
    [
      'an unpublished key and a known kid',
      signedToken({ alg: 'RS256', kid: 'rsa' }, claims, rsaPair().privateKey),
    ],
    ['no kid when all keys have one', byRsa({ kid: undefined })],
    ['an unknown kid', byRsa({ kid: 'unknown' })],
    ['kid __proto__', byRsa({ kid: '__proto__' })],
    ['an embedded key', byRsa({ kid: 'mine', jwk })],
    ['a non-canonical encoding of the signature', nonCanonical(byEc())],
    ['alg none', `${encodePart({ alg: 'none', kid: 'rsa' })}.${encodePart(claims)}.`],
    [
      'an empty HMAC key',
      `${encodePart({ alg: 'HS256', kid: 'rsa' })}.${encodePart(claims)}.${createHmac('sha256', '').digest('base64url')}`,
    ],
  ])('rejects a token with %s', async (_what, token) => {
    expect(await verify(token)).toBeTypeOf('string');
  });

  /**
   * Publishes entries before and after a valid key, and expects a token signed with this key to
   * verify.
   */
  async function publishWith(...entries: readonly unknown[]): Promise<void> {
    const good = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' };
    jwks.answer = { keys: [...entries, good, ...entries] };
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
  }

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });

  test.each<[string, SigningPair, object]>([
    ['on a curve other than P-256', ecPair('P-384'), {}],
    ['on secp256k1', ecPair('secp256k1'), {}],
    ['for another algorithm', rsa, { alg: 'RS512' }],
    ['for encryption', rsa, { use: 'enc' }],
    ['for key wrapping', rsa, { key_ops: ['wrapKey'] }],
    ['with fewer than 2048 RSA bits', weak, {}],
    ['whose kid is a number', rsa, { kid: 5 }],
    ['on Ed448', generateKeyPairSync('ed448'), {}],
    ['for key agreement', generateKeyPairSync('x25519'), {}],
    ['on Ed25519 for another algorithm', ed, { alg: 'ES256' }],
  ])('ignores a published key %s', async (_what, { publicKey, privateKey }, members) => {
    await publishWith({ ...publicKey.export({ format: 'jwk' }), kid: 'odd', ...members });
    const algorithms: Record<string, string> = { rsa: 'RS256', ec: 'ES256' };
    const alg = algorithms[privateKey.asymmetricKeyType as string] ?? 'EdDSA';
    for (const kid of ['odd', '5', undefined]) {
      const token =
        privateKey.asymmetricKeyType === 'x25519'
          ? byEd({}, { kid })
          : signedToken({ alg, kid }, claims, privateKey);
      expect(await verify(token)).toBeTypeOf('string');
    }
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'x'],
    ['a list', [{}]],
    ['an object without members', {}],
    ['a key of an unknown kind', { kty: 'AKP', kid: 'ec', alg: 'ML-DSA-44', pub: 'AAAA' }],
    ['a symmetric key', { kty: 'oct', kid: 'ec', k: 'AAAA' }],
    [
      'a point that is not on the curve',
      { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'ec' },
    ],
    ['an RSA key without modulus and exponent', { kty: 'RSA', kid: 'ec' }],
  ])('ignores an entry that is %s', async (_what, entry) => {
    await publishWith(entry);
  });

  test('tries every published key without a kid, for tokens with and without a kid', async () => {
    const pairs = [rsaPair(), rsaPair(), ecPair(), ecPair()];
    jwks.publish(...pairs.map(({ publicKey }) => ({ publicKey, members: {} })));
    for (const { privateKey } of pairs) {
      const alg = privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
      for (const kid of [undefined, 'any']) {
        expect(await verify(signedToken({ alg, kid }, claims, privateKey))).toMatchObject({
          userId: 'user',
        });
      }
    }
    expect(await verify(byRsa({ kid: undefined }))).toBe('signature');
  });

  test('accepts a new key without a kid within 30 s', async () => {
    const [one, other] = [rsaPair(), rsaPair()];
    const tokenBy = ({ privateKey }: SigningPair) =>
      signedToken({ alg: 'RS256' }, claims, privateKey);
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
    expect([await verify(byRsa()), await verify(byAnother)]).toMatchObject([
      { userId: 'user' },
      { userId: 'user' },
    ]);
  });

  test.each<[string, unknown]>([
    ['no keys', { keys: [] }],
    [
      'only an encryption key',
      { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), use: 'enc' }] },
    ],
    ['only invalid entries', { keys: [null, 'x', {}] }],
  ])('withdraws all keys within 5 minutes when the set has %s', async (_what, answer) => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.answer = answer;
    clock = 300_001;
    expect(await verify(byRsa())).toBe('unknown_key');
    expect(failures).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['an object without a list of keys', { keys: {} }],
    ['null', null],
    ['a list', []],
  ])('treats %s as a failed fetch and keeps the fetched keys', async (_what, answer) => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.answer = answer;
    clock = 300_001;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(failures).toEqual(['The response is not a JWK set: it has no list "keys".']);
  });

  test('uses fetched keys for 24 hours after the last successful fetch, and no longer', async () => {
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

  test('does not follow a redirect, and reports its target without the query', async () => {
    jwks.mode = 'redirects';
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    const target = new URL('/elsewhere', jwks.url).href;
    expect(failures).toEqual([
      `The response is a redirect (302) to ${target}; set the final address instead.`,
    ]);
  });

  test('fetches at most 20 times for 300 unknown kids in a minute', async () => {
    for (let index = 0; index < 300; index++) {
      clock = index * 200;
      expect(await verify(byRsa({ kid: `unknown ${index}` }))).toBeTypeOf('string');
    }
    expect(jwks.fetches()).toBeGreaterThan(1);
    expect(jwks.fetches()).toBeLessThanOrEqual(20);
  });

  test('accepts an added key within 30 s, even during a flood of unknown kids', async () => {
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

  test('rejects a withdrawn key within 5 minutes, even for the first token after a pause', async () => {
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

  test('refreshes the set in the background while tokens keep arriving', async () => {
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.mode = 'hangs';
    clock = 299_000;
    const startedAt = Date.now();
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    await expect.poll(() => jwks.fetches()).toBe(2);
  });

  test('throws instead of rejecting a token when the set cannot be fetched, and recovers', async () => {
    jwks.mode = 'fails';
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(jwks.fetches()).toBe(1);
    jwks.mode = 'ok';
    clock = 5_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
  });

  test.each(['none', 'HS256', 'RS512', 'PS256', 'ES384', 'rs256', ''])(
    'rejects a token with the alg %j without a fetch',
    async (alg) => {
      jwks.mode = 'fails';
      expect(await verify(hmacToken({ alg, kid: 'rsa' }, claims, 'a secret'))).toBeTypeOf('string');
      expect(jwks.fetches()).toBe(0);
    },
  );

  test('keeps using fetched keys while fetches fail', async () => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.mode = 'fails';
    clock = 400_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    clock = 410_000;
    await expect(verify(byRsa({ kid: 'new' }))).rejects.toBeInstanceOf(SigningKeysUnavailableError);
  });

  test('delays only the first token while fetches hang', async () => {
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    jwks.mode = 'hangs';
    clock = 400_000;
    expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    const startedAt = Date.now();
    for (clock = 401_000; clock < 410_000; clock += 1_000)
      expect(await verify(byRsa())).toMatchObject({ userId: 'user' });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    await expect.poll(() => jwks.fetches()).toBe(3);
  });

  test('rejects a key that was withdrawn during an outage once fetches succeed again', async () => {
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.mode = 'fails';
    clock = 400_000;
    expect(await verify(byEc())).toMatchObject({ userId: 'user' });
    jwks.publish({ publicKey: rsa.publicKey, members: { kid: 'rsa' } });
    jwks.mode = 'ok';
    clock = 500_000;
    expect(await verify(byEc())).toBeTypeOf('string');
  });

  test('gives up within 10 s on a server that never responds', async () => {
    jwks.mode = 'hangs';
    const startedAt = Date.now();
    await expect(verify(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['stalls within the response', (response) => response.write('{"keys":[')],
    [
      'disconnects within the response',
      (response) => response.write('{"keys":[', () => response.destroy()),
    ],
    ['never ends the response', (response) => setInterval(() => response.write(' '), 100).unref()],
  ])('gives up within 10 s on a server that %s', async (_what, answer) => {
    const server = createServer((_request, response) => answer(response));
    const port = await listenOnLoopback(server);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const keys = jwksKeys(
      `http://127.0.0.1:${port}/`,
      () => clock,
      () => {},
    );
    const verifyBySlow = verifierOf(keys);
    const startedAt = Date.now();
    await expect(verifyBySlow(byRsa())).rejects.toBeInstanceOf(SigningKeysUnavailableError);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});
