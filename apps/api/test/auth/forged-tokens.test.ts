import { requestPath } from '@andamio/testing/service-requests';
import { jwtSecret } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { encodePart, hmacToken, nonCanonical } from '../harness/compact-token.ts';

const now = Math.floor(Date.now() / 1000);
const header = { alg: 'HS256', typ: 'JWT' };
const claims = {
  sub: 'user',
  tier: 'enterprise',
  iat: now,
  exp: now + 3600,
  iss: 'the issuer',
  aud: 'the audience',
};

const withHeader = (more: object) => hmacToken({ ...header, ...more }, claims, jwtSecret);
const withClaims = (more: object) => hmacToken(header, { ...claims, ...more }, jwtSecret);
const without = (name: keyof typeof claims) => withClaims({ [name]: undefined });
const good = withClaims({});
const [goodHeader, goodPayload, goodSignature] = good.split('.') as [string, string, string];

const forgeries: [what: string, token: string][] = [
  ['alg none', `${encodePart({ alg: 'none' })}.${goodPayload}.`],
  ['alg none in mixed case', `${encodePart({ alg: 'nOnE' })}.${goodPayload}.`],
  [
    'alg none with the signature kept',
    `${encodePart({ alg: 'none' })}.${goodPayload}.${goodSignature}`,
  ],
  ['an empty alg', withHeader({ alg: '' })],
  ['no alg', withHeader({ alg: undefined })],
  ['alg as an array', withHeader({ alg: ['HS256'] })],
  ['alg HS384 and the correct secret', hmacToken({ alg: 'HS384' }, claims, jwtSecret, 'sha384')],
  ['alg HS512 and the correct secret', hmacToken({ alg: 'HS512' }, claims, jwtSecret, 'sha512')],
  ['alg in lowercase', withHeader({ alg: 'hs256' })],
  ['alg RS256 and an HMAC', withHeader({ alg: 'RS256' })],
  ['another secret', hmacToken(header, claims, 'another secret that is long enough for it')],
  ['the empty secret', hmacToken(header, claims, '')],
  ['a truncated secret', hmacToken(header, claims, jwtSecret.slice(0, -1))],
  ['no signature', `${goodHeader}.${goodPayload}.`],
  ['no signature and no dot', `${goodHeader}.${goodPayload}`],
  ['half the signature', `${goodHeader}.${goodPayload}.${goodSignature.slice(0, 20)}`],
  [
    'the signature of another token',
    `${goodHeader}.${goodPayload}.${withClaims({ sub: 'x' }).split('.')[2]}`,
  ],
  [
    'a non-canonical encoding of the signature',
    `${goodHeader}.${goodPayload}.${nonCanonical(goodSignature)}`,
  ],
  ['padding after the signature', `${good}=`],
  [
    'a tab in the payload',
    `${goodHeader}.${goodPayload.slice(0, 5)}\t${goodPayload.slice(5)}.${goodSignature}`,
  ],
  [
    'a changed payload',
    `${goodHeader}.${encodePart({ ...claims, sub: 'admin' })}.${goodSignature}`,
  ],
  ['a changed header', `${encodePart({ ...header, typ: 'jwt' })}.${goodPayload}.${goodSignature}`],
  ['a fourth part', `${good}.${goodSignature}`],
  ['five parts, like an encrypted token', `${good}.${goodPayload}.${goodSignature}`],
  ['only dots', '..'],
  ['a header that is not JSON', hmacToken('header', claims, jwtSecret)],
  ['a header that is an array', hmacToken([header], claims, jwtSecret)],
  ['a header that is null', hmacToken('null', claims, jwtSecret)],
  [
    'a header that is not UTF-8',
    hmacToken(
      Buffer.from([...Buffer.from('{"alg":"HS256","x":"'), 0xff, ...Buffer.from('"}')]),
      claims,
      jwtSecret,
    ),
  ],
  ['crit', withHeader({ crit: ['exp'] })],
  ['crit with b64', withHeader({ crit: ['b64'], b64: false })],
  ['an empty crit', withHeader({ crit: [] })],
  ['an embedded key (jwk)', withHeader({ jwk: { kty: 'oct', k: 'AAAA' } })],
  ['the URL of a key (jku)', withHeader({ jku: 'https://attacker.example/keys' })],
  ['a certificate (x5c)', withHeader({ x5c: ['MIIB'] })],
  ['the URL of a certificate (x5u)', withHeader({ x5u: 'https://attacker.example/certificate' })],
  ['a kid that is a number', withHeader({ kid: 5 })],
  ['a payload that is not JSON', hmacToken(header, 'payload', jwtSecret)],
  ['a payload that is a string', hmacToken(header, '"user"', jwtSecret)],
  ['a payload that is an array', hmacToken(header, [claims], jwtSecret)],
  ['a payload that is null', hmacToken(header, 'null', jwtSecret)],
  [
    'a payload that is not UTF-8',
    hmacToken(
      header,
      Buffer.from([
        ...Buffer.from(JSON.stringify(claims).slice(0, -1)),
        ...Buffer.from(',"x":"'),
        0xff,
        ...Buffer.from('"}'),
      ]),
      jwtSecret,
    ),
  ],
  ['no sub', without('sub')],
  ['an empty sub', withClaims({ sub: '' })],
  ['a blank sub', withClaims({ sub: ' \u00a0 ' })],
  ['a sub of 129 code points', withClaims({ sub: 'x'.repeat(129) })],
  ['a sub with a control character', withClaims({ sub: 'us\u0000er' })],
  [
    'a sub with a lone surrogate',
    hmacToken(header, JSON.stringify(claims).replace('"user"', '"\\ud800"'), jwtSecret),
  ],
  ['a sub that is a number', withClaims({ sub: 42 })],
  ['a sub that is an array', withClaims({ sub: ['user'] })],
  [
    'two subs, the last of which is empty',
    hmacToken(header, `${JSON.stringify(claims).slice(0, -1)},"sub":""}`, jwtSecret),
  ],
  ['no exp', without('exp')],
  ['exp in the past', withClaims({ exp: now - 10 })],
  ['exp as a string', withClaims({ exp: String(now + 3600) })],
  ['exp null', withClaims({ exp: null })],
  ['nbf in the future', withClaims({ nbf: now + 60 })],
  ['nbf as a string', withClaims({ nbf: String(now) })],
  ['iat as a string', withClaims({ iat: String(now) })],
  ['no iss', without('iss')],
  ['another iss', withClaims({ iss: 'the issuer ' })],
  ['iss as an array', withClaims({ iss: ['the issuer'] })],
  ['no aud', without('aud')],
  ['another aud', withClaims({ aud: 'The Audience' })],
  [
    'aud as an array without the expected one',
    withClaims({ aud: ['an audience', 'the audience/'] }),
  ],
  ['tier as a number', withClaims({ tier: 1 })],
  ['tier as an object', withClaims({ tier: { name: 'growth' } })],
  ['a tier in a list with null', withClaims({ tier: ['growth', null] })],
  ['scope as a boolean', withClaims({ scope: true })],
  ['a scope in a list with a number', withClaims({ scope: ['apikey:write', 1] })],
  ['events, like a logout token', withClaims({ events: {} })],
  ['a bound key (cnf)', withClaims({ cnf: { jkt: 'x' } })],
  ['typ of a logout token', withHeader({ typ: 'logout+jwt' })],
  ['typ of a DPoP proof', withHeader({ typ: 'dpop+jwt' })],
  ['an empty typ', withHeader({ typ: '' })],
  ['typ with a prefix before JWT', withHeader({ typ: 'x-jwt' })],
  ['typ as a list', withHeader({ typ: ['JWT'] })],
  ['alg EdDSA and an HMAC', withHeader({ alg: 'EdDSA' })],
];

describe('token verification', () => {
  let app: TestApp;
  let expected: string;

  async function ask(authorization: string) {
    const response = await fetch(`${app.url}${requestPath}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'x-request-id': 'the-same' },
      body: JSON.stringify({ api_key_name: `key ${Math.random()}` }),
    });
    const varying = /^(date|x-ratelimit-|ratelimit|content-length|connection|keep-alive)/;
    const headers = [...response.headers].filter(([name]) => !varying.test(name));
    return {
      status: response.status,
      whole: JSON.stringify([response.status, headers, await response.text()]),
    };
  }

  beforeAll(async () => {
    app = await startApp({
      jwt: { JWT_ISSUER: 'the issuer', JWT_AUDIENCE: 'the audience' },
    });
    expected = (await ask('')).whole;
  });
  afterAll(() => app.close());

  test('is tested with at least forty distinct invalid tokens', () => {
    expect(new Set(forgeries.map(([, token]) => token)).size).toBe(forgeries.length);
    expect(forgeries.length).toBeGreaterThanOrEqual(40);
  });

  test.each(forgeries)(
    'rejects a token with %s with the same 401 as any other',
    async (_what, token) => {
      const { status, whole } = await ask(`Bearer ${token}`);
      expect(status).toBe(401);
      expect(whole).toBe(expected);
    },
  );

  test.each([
    ['valid claims', good],
    ['several audiences', withClaims({ aud: ['x', 'the audience'] })],
    [
      'nbf in the future within the tolerance of 5 s',
      withClaims({ nbf: Math.floor(Date.now() / 1000) + 4 }),
    ],
    ['a sub of 128 supplementary code points', withClaims({ sub: '𝒳'.repeat(128) })],
    ['no typ', withHeader({ typ: undefined })],
    ['typ of an access token', withHeader({ typ: 'at+jwt' })],
    ['typ as a whole media type', withHeader({ typ: 'application/at+jwt' })],
    ['typ in another case', withHeader({ typ: 'AT+JWT' })],
    ['typ application/jwt', withHeader({ typ: 'application/jwt' })],
    ['the thumbprint of a certificate (x5t)', withHeader({ x5t: 'AAAA', 'x5t#S256': 'AAAA' })],
    ['tier, scope and alias null', withClaims({ sub: 'b', tier: null, scope: null, alias: null })],
    ['scopes in a list', withClaims({ scope: ['apikey:write'] })],
    ['tiers in a list', withClaims({ sub: 'c', tier: ['growth', 'other'] })],
    ['an alias that is not a string', withClaims({ alias: {} })],
    ['unknown claims', withClaims({ role: 'admin', jti: 'x', nonce: null })],
    ['fractional times', withClaims({ iat: now - 0.5, exp: now + 60.5 })],
  ])('accepts a token with %s', async (_what, token) => {
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  });

  test('accepts a token with exp in the past within the tolerance of 5 s', async () => {
    // The token is created here, because the tests before this one may take longer than the
    // tolerance.
    const token = withClaims({ exp: Math.floor(Date.now() / 1000) - 1 });
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  });

  test.each(['bearer', 'BEARER', 'bEaReR', 'Bearer  '])(
    'accepts the authentication scheme %j',
    async (scheme) => {
      expect((await ask(`${scheme} ${good}`)).status).toBe(200);
    },
  );
});
