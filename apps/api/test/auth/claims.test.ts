import type { Environment } from '@andamio/schema/settings';
import { describe, expect, test } from 'vitest';
import { type Principal, permit } from '../../src/auth/principal.ts';
import { secretKeys } from '../../src/auth/signing-keys.ts';
import { hmacToken } from '../harness/compact-token.ts';
import { verifierOf } from '../harness/verifier.ts';

const secret = 'a secret of the tests that is long enough for HS256';

/** Verifies a token with the given claims under the given settings. */
function verify(claims: object, settings: Environment = {}) {
  const payload = { sub: 'user', exp: Date.now() / 1000 + 60, ...claims };
  return verifierOf(secretKeys([secret]), settings)(hmacToken({ alg: 'HS256' }, payload, secret));
}

/** Returns the results for `apikey:read` and `apikey:write`, or the reason for a 401. */
async function permissions(claims: object, settings: Environment = {}) {
  const principal = await verify(claims, settings);
  if (typeof principal === 'string') return principal;
  return (['apikey:read', 'apikey:write'] as const).map((scope) => {
    const outcome = permit(principal, scope);
    return typeof outcome === 'string' ? outcome : outcome.tier;
  });
}

const tierOf = async (claims: object, settings: Environment) =>
  ((await verify(claims, settings)) as Principal).tier;

describe('the owner', () => {
  test.each<[string, object, string]>([
    ['uid', { uid: 'okta' }, 'okta'],
    ['/https:~1~1a.example/id', { 'https://a.example': { id: 'nested' } }, 'nested'],
    ['https://a.example/id', { 'https://a.example/id': 'literal' }, 'literal'],
  ])('is the claim %s, and no other', async (name, claims, userId) => {
    const settings = { JWT_SUBJECT_CLAIM: name };
    expect(await verify(claims, settings)).toMatchObject({ userId });
    expect(await verify({}, settings)).toBe('claims');
  });

  test.each<[string, unknown]>([
    ['a number', 5],
    ['null', null],
    ['a list', ['user']],
    ['blank', ' '],
    ['longer than 128 characters', 'x'.repeat(129)],
    ['with a control character', 'us\u0007er'],
  ])('is rejected if its claim is %s', async (_what, uid) => {
    expect(await verify({ uid }, { JWT_SUBJECT_CLAIM: 'uid' })).toBe('claims');
  });
});

describe('the tier', () => {
  const mapped = { JWT_TIERS: 'Free=pioneer,Pro=growth,tier.max=enterprise' };

  test.each<[string, object, Environment, string | undefined]>([
    ['absent', {}, {}, 'pioneer'],
    ['null', { tier: null }, {}, 'pioneer'],
    ['known', { tier: 'starter' }, {}, 'starter'],
    ['unknown', { tier: 'gold' }, {}, undefined],
    ['empty', { tier: '' }, {}, undefined],
    ['a property of every object', { tier: 'constructor' }, {}, undefined],
    ['mapped', { tier: 'Pro' }, mapped, 'growth'],
    ['known, beside a map without it', { tier: 'starter' }, mapped, 'starter'],
    ['known, with another meaning', { tier: 'growth' }, { JWT_TIERS: 'growth=starter' }, 'starter'],
    ['a mapped name in another case', { tier: 'pro' }, mapped, undefined],
    ['a list', { tier: ['starter', 'growth', 'pioneer'] }, {}, 'growth'],
    ['a list with mapped names', { tier: ['Pro', 'tier.max', 'starter'] }, mapped, 'enterprise'],
    ['a list without a known name', { tier: ['admin', 'dev'] }, mapped, 'pioneer'],
    ['an empty list', { tier: [] }, { JWT_DEFAULT_TIER: 'starter' }, 'starter'],
    ['absent, with a default', {}, { JWT_DEFAULT_TIER: 'growth' }, 'growth'],
    ['absent, without a default', {}, { JWT_DEFAULT_TIER: 'none' }, undefined],
    ['null, without a default', { tier: null }, { JWT_DEFAULT_TIER: 'none' }, undefined],
    ['nested', { app: { tier: 'growth' } }, { JWT_TIER_CLAIM: '/app/tier' }, 'growth'],
    ['elsewhere than configured', { tier: 'growth' }, { JWT_TIER_CLAIM: '/app/tier' }, 'pioneer'],
    ['behind a string', { app: 'growth' }, { JWT_TIER_CLAIM: '/app/tier' }, 'pioneer'],
  ])('that is %s is read as the settings say', async (_what, claims, settings, tier) => {
    expect(await tierOf(claims, settings)).toBe(tier);
  });

  test('that is unknown is a 403', async () => {
    expect(await permissions({}, { JWT_DEFAULT_TIER: 'none' })).toEqual([
      'unknown_tier',
      'unknown_tier',
    ]);
  });
});

describe('the scopes', () => {
  const yes = 'pioneer';
  const no = 'insufficient_scope';

  test.each<[string, object, Environment, [read: string, write: string]]>([
    ['absent', {}, {}, [yes, yes]],
    ['null', { scope: null }, {}, [yes, yes]],
    ['an empty string', { scope: '' }, {}, [no, no]],
    ['an empty list', { scope: [] }, {}, [no, no]],
    ['a string', { scope: 'openid apikey:read' }, {}, [yes, no]],
    ['a list', { scope: ['openid', 'apikey:write'] }, {}, [no, yes]],
    ['a list whose entry holds two', { scope: ['apikey:read apikey:write'] }, {}, [no, no]],
    ['absent, but required', {}, { JWT_SCOPE_REQUIRED: 'on' }, [no, no]],
    ['null, but required', { scope: null }, { JWT_SCOPE_REQUIRED: 'on' }, [no, no]],
    ['present and required', { scope: 'apikey:read' }, { JWT_SCOPE_REQUIRED: 'on' }, [yes, no]],
    ['in scp', { scp: ['apikey:write'] }, { JWT_SCOPE_CLAIM: 'scp' }, [no, yes]],
    [
      'in scope, where scp counts',
      { scope: 'apikey:read' },
      { JWT_SCOPE_CLAIM: 'scp' },
      [yes, yes],
    ],
    [
      'mapped',
      { scope: 'andamio/write' },
      { JWT_SCOPES: 'andamio/write=apikey:write,andamio/read=apikey:read' },
      [no, yes],
    ],
    [
      'one name for both',
      { scope: ['admin'] },
      { JWT_SCOPES: 'admin=apikey:write,admin=apikey:read' },
      [yes, yes],
    ],
    [
      'plain, beside a map without it',
      { scope: 'apikey:read' },
      { JWT_SCOPES: 'w=apikey:write' },
      [yes, no],
    ],
  ])('that are %s allow what they name', async (_what, claims, settings, expected) => {
    expect(await permissions(claims, settings)).toEqual(expected);
  });
});

test.each<[object, Environment, string | undefined]>([
  [{ alias: 'Ada' }, {}, 'Ada'],
  [{ alias: null }, {}, undefined],
  [{ alias: 5 }, {}, undefined],
  [{ name: 'Ada', alias: 'other' }, { JWT_ALIAS_CLAIM: 'name' }, 'Ada'],
  [{ profile: { nick: 'Ada' } }, { JWT_ALIAS_CLAIM: '/profile/nick' }, 'Ada'],
])('the display name of %j with %j is %j', async (claims, settings, alias) => {
  expect(await verify(claims, settings)).toMatchObject({ userId: 'user', alias });
});

describe('the audience', () => {
  const settings = { JWT_AUDIENCE: 'one,two' };

  test.each<[string, object, Environment, string]>([
    ['the first of two', { aud: 'one' }, settings, 'accepted'],
    ['the second of two, in a list', { aud: ['other', 'two'] }, settings, 'accepted'],
    ['another', { aud: 'one,two' }, settings, 'audience'],
    ['absent', {}, settings, 'audience'],
    ['an object', { aud: { one: true } }, settings, 'audience'],
    [
      'client_id',
      { client_id: 'one' },
      { ...settings, JWT_AUDIENCE_CLAIM: 'client_id' },
      'accepted',
    ],
    [
      'aud, where client_id counts',
      { aud: 'one' },
      { ...settings, JWT_AUDIENCE_CLAIM: 'client_id' },
      'audience',
    ],
  ])('is accepted only if it is expected: %s', async (_what, claims, environment, expected) => {
    const result = await verify(claims, environment);
    expect(typeof result === 'string' ? result : 'accepted').toBe(expected);
  });
});

describe('the issuer', () => {
  const settings = { JWT_ISSUER: 'https://a.example,b', JWT_JWKS_URL: 'https://keys.example/' };

  test.each<[unknown, string]>([
    ['https://a.example', 'accepted'],
    ['b', 'accepted'],
    ['https://a.example,b', 'issuer'],
    ['https://a.example/', 'issuer'],
    [['b'], 'issuer'],
    [undefined, 'issuer'],
  ])('%j is compared exactly with each of a list', async (iss, expected) => {
    const result = await verify({ iss }, settings);
    expect(typeof result === 'string' ? result : 'accepted').toBe(expected);
  });
});

describe('required claims', () => {
  const settings = {
    JWT_REQUIRED_CLAIMS:
      'azp=https://a.example|https://b.example,/firebase/sign_in_provider!=anonymous,is_anonymous!=true',
  };
  const azp = 'https://b.example';

  test.each<[string, object, string]>([
    [
      'all met',
      { azp, firebase: { sign_in_provider: 'password' }, is_anonymous: false },
      'accepted',
    ],
    ['an excluded value that is absent', { azp }, 'accepted'],
    ['an excluded value that is null', { azp, is_anonymous: null }, 'accepted'],
    ['another value', { azp: 'https://c.example' }, 'claims'],
    ['a value that only begins like it', { azp: `${azp}.evil.example` }, 'claims'],
    ['all alternatives as one text', { azp: 'https://a.example|https://b.example' }, 'claims'],
    ['no value', {}, 'claims'],
    ['a null value', { azp: null }, 'claims'],
    ['an excluded value', { azp, firebase: { sign_in_provider: 'anonymous' } }, 'claims'],
    ['an excluded boolean', { azp, is_anonymous: true }, 'claims'],
    ['a list that holds the value', { azp: [azp] }, 'claims'],
    ['a list where a value is excluded', { azp, is_anonymous: [] }, 'claims'],
    ['an object where a value is excluded', { azp, is_anonymous: {} }, 'claims'],
  ])('reject only a token that does not meet them: %s', async (_what, claims, expected) => {
    const result = await verify(claims, settings);
    expect(typeof result === 'string' ? result : 'accepted').toBe(expected);
  });

  test('compare numbers and booleans as text', async () => {
    const required = { JWT_REQUIRED_CLAIMS: 'email_verified=true,level=2' };
    expect(await verify({ email_verified: true, level: 2 }, required)).toMatchObject({
      userId: 'user',
    });
    expect(await verify({ email_verified: false, level: 2 }, required)).toBe('claims');
  });
});

test('the reasons keep their order: times, audience, issuer, other claims', async () => {
  const settings = {
    JWT_AUDIENCE: 'api',
    JWT_AUDIENCE_CLAIM: 'client_id',
    JWT_ISSUER: 'issuer',
    JWT_REQUIRED_CLAIMS: 'a=b',
  };
  const past = { exp: 1 };
  expect(await verify({ nbf: 9e9, ...past }, settings)).toBe('not_yet_valid');
  expect(await verify(past, settings)).toBe('expired');
  expect(await verify({}, settings)).toBe('audience');
  expect(await verify({ client_id: 'api' }, settings)).toBe('issuer');
  expect(await verify({ client_id: 'api', iss: 'issuer' }, settings)).toBe('claims');
});
