import { execFile } from 'node:child_process';
import { type KeyObject, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseSettings, type Settings } from '@andamio/schema/settings';
import { tokenRecipe, tokenRecipes } from '@andamio/testing/token-recipes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jwksKeys } from '../../src/auth/jwks.ts';
import { permit } from '../../src/auth/principal.ts';
import { secretKeys } from '../../src/auth/signing-keys.ts';
import { createTokenVerifier, type VerifyToken } from '../../src/auth/verify-token.ts';
import { hmacToken, signedToken } from '../harness/compact-token.ts';
import {
  ecPair,
  edPair,
  type JwksServer,
  rsaPair,
  type SigningPair,
  startJwksServer,
} from '../harness/jwks-server.ts';

// Tests the documented settings of each issuer with tokens in the shape that the issuer documents.
// The tokens are signed with keys of the test, not with the issuer's.

const now = Math.floor(Date.now() / 1000);
const pairs = { RS256: rsaPair(), ES256: ecPair(), EdDSA: edPair() } as const;
const legacySecret = randomBytes(32).toString('base64');

let jwks: JwksServer;
beforeAll(async () => {
  jwks = await startJwksServer();
  jwks.publish(
    ...Object.entries(pairs).map(([kid, { publicKey }]) => ({ publicKey, members: { kid } })),
  );
});
afterAll(() => jwks.close());

/** Returns the settings that the service reads from a recipe's environment in production. */
function productionSettings(environment: Readonly<Record<string, string>>): Settings {
  const parsed = parseSettings({
    NODE_ENV: 'production',
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: 'my-project',
    KEY_PEPPERS: `a:${Buffer.alloc(32).toString('base64')}`,
    ...environment,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}

function verifierOf(environment: Readonly<Record<string, string>>): VerifyToken {
  const { jwt } = productionSettings(environment);
  const keys =
    jwt.keys?.kind === 'secrets'
      ? secretKeys(jwt.keys.secrets)
      : jwksKeys(
          jwks.url,
          () => performance.now(),
          () => {},
        );
  return createTokenVerifier({ ...jwt, keys, now: Date.now });
}

type Algorithm = keyof typeof pairs;

interface Shape {
  readonly algorithm: Algorithm;
  readonly header?: object;
  readonly payload: Record<string, unknown>;
}

/** Signs a token of the given shape, with changes to its claims or header. */
function tokenOf({ algorithm, header, payload }: Shape, claims: object = {}, more: object = {}) {
  const key: KeyObject = (pairs[algorithm] as SigningPair).privateKey;
  return signedToken(
    { alg: algorithm, kid: algorithm, ...header, ...more },
    { ...payload, ...claims },
    key,
  );
}

/** Verifies a token. Returns its user, tier and permissions, or the reason for refusing it. */
async function result(verify: VerifyToken, token: string) {
  const principal = await verify(token);
  if (typeof principal === 'string') return principal;
  const allowed = (['apikey:read', 'apikey:write'] as const).filter(
    (scope) => typeof permit(principal, scope) !== 'string',
  );
  return [principal.userId, principal.tier, allowed.join(' ') || 'nothing'].join(', ');
}

const everything = 'apikey:read apikey:write';

/**
 * The test case of one issuer: an accepted token, the expected result, and tokens that must be
 * refused.
 */
interface Case {
  readonly shape: Shape;
  readonly yields: string;
  readonly wrong: readonly [what: string, claims: object, result: string, header?: object][];
}

const hour = { iat: now, exp: now + 3600 };

const cases: Record<string, Case> = {
  'Firebase and Google Identity Platform': {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'JWT' },
      payload: {
        ...hour,
        iss: 'https://securetoken.google.com/my-project',
        aud: 'my-project',
        sub: 'kR3xYw9Qp1',
        user_id: 'kR3xYw9Qp1',
        auth_time: now - 60,
        name: 'Ada',
        email: 'a@x.example',
        email_verified: true,
        tier: 'growth',
        firebase: { sign_in_provider: 'password', identities: {}, tenant: 't-1' },
      },
    },
    yields: `kR3xYw9Qp1, growth, ${everything}`,
    wrong: [
      ['anonymous sign-in', { firebase: { sign_in_provider: 'anonymous' } }, 'claims'],
      [
        'another project',
        { iss: 'https://securetoken.google.com/other', aud: 'other' },
        'audience',
      ],
      ["another project's issuer", { iss: 'https://securetoken.google.com/other' }, 'issuer'],
      ['a session cookie', { iss: 'https://session.firebase.google.com/my-project' }, 'issuer'],
      ['the Auth emulator', {}, 'algorithm', { alg: 'none' }],
      ['a user without a tier', { tier: undefined }, `kR3xYw9Qp1, pioneer, ${everything}`],
    ],
  },
  Auth0: {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'at+jwt' },
      payload: {
        iat: now,
        exp: now + 86_400,
        iss: 'https://acme.eu.auth0.com/',
        sub: 'auth0|64f0',
        aud: ['https://api.andamio.example', 'https://acme.eu.auth0.com/userinfo'],
        azp: 'CLIENT',
        scope: 'openid profile apikey:write',
        permissions: ['apikey:write'],
        'https://andamio.example/tier': 'growth',
      },
    },
    yields: 'auth0|64f0, growth, apikey:write',
    wrong: [
      ['an ID token', { aud: 'CLIENT', scope: undefined }, 'audience'],
      ['no scope of the API', { scope: 'openid profile' }, 'auth0|64f0, growth, nothing'],
      ['no scope at all', { scope: undefined }, 'auth0|64f0, growth, nothing'],
      ['the issuer without its slash', { iss: 'https://acme.eu.auth0.com' }, 'issuer'],
      ['a token bound by DPoP', { cnf: { jkt: '0ZcOCORZNYy' } }, 'claims'],
      ['an unknown tier', { 'https://andamio.example/tier': 'gold' }, 'auth0|64f0, , nothing'],
      ['a logout token', { events: { 'http://schemas.openid.net/event': {} } }, 'claims'],
    ],
  },
  Clerk: {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'JWT', cat: 'cl_B7d4PD222AAA' },
      payload: {
        iat: now,
        nbf: now - 10,
        exp: now + 60,
        iss: 'https://clerk.site.example',
        sub: 'user_2ab',
        aud: 'https://api.andamio.example',
        azp: 'https://site.example',
        jti: '8b1c',
        tier: 'growth',
      },
    },
    yields: `user_2ab, growth, ${everything}`,
    wrong: [
      ['a session token, without the template', { aud: undefined }, 'audience'],
      ['a pending session', { sts: 'pending' }, 'claims'],
      ['another site', { azp: 'https://evil.example' }, 'claims'],
      ['a backend', { azp: undefined }, 'claims'],
      ['impersonation', { act: { iss: 'https://clerk.site.example', sub: 'user_1' } }, 'claims'],
      ['a missing attribute', { tier: null }, `user_2ab, pioneer, ${everything}`],
    ],
  },
  Supabase: {
    shape: {
      algorithm: 'ES256',
      header: { typ: 'JWT' },
      payload: {
        ...hour,
        iss: 'https://abcdefgh.supabase.co/auth/v1',
        aud: 'authenticated',
        sub: '8ccaa7af-9bbd-4f5a-b2b3-6bd0a0c8a3b1',
        role: 'authenticated',
        email: 'a@x.example',
        phone: '',
        aal: 'aal1',
        session_id: '5f3e',
        is_anonymous: false,
        app_metadata: { provider: 'email', tier: 'growth' },
        user_metadata: { name: 'Ada', tier: 'enterprise' },
      },
    },
    yields: `8ccaa7af-9bbd-4f5a-b2b3-6bd0a0c8a3b1, growth, ${everything}`,
    wrong: [
      ['an anonymous user', { is_anonymous: true }, 'claims'],
      ['another project', { iss: 'https://other.supabase.co/auth/v1' }, 'issuer'],
      ['another audience', { aud: 'other' }, 'audience'],
      [
        'a tier that the user set',
        { app_metadata: { provider: 'email' } },
        `8ccaa7af-9bbd-4f5a-b2b3-6bd0a0c8a3b1, pioneer, ${everything}`,
      ],
    ],
  },
  Keycloak: {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'JWT' },
      payload: {
        iat: now,
        exp: now + 300,
        iss: 'https://id.example/realms/main',
        aud: ['andamio-api', 'account'],
        sub: '36fa0f91-0d2e-4d5b-a6a7-2f6a1f1b7c11',
        typ: 'Bearer',
        azp: 'web',
        scope: 'email profile apikey:write',
        realm_access: { roles: ['offline_access'] },
        resource_access: { 'andamio-api': { roles: ['growth'] } },
        tier: 'growth',
        name: 'Ada',
        email: 'a@x.example',
      },
    },
    yields: '36fa0f91-0d2e-4d5b-a6a7-2f6a1f1b7c11, growth, apikey:write',
    wrong: [
      ['a new realm', { aud: 'account' }, 'audience'],
      ['no audience', { aud: undefined }, 'audience'],
      ['an ID token', { typ: 'ID' }, 'claims'],
      ['a token bound by DPoP', { cnf: { jkt: '0ZcOCORZNYy' }, typ: 'DPoP' }, 'claims'],
      ['a lightweight token', { sub: undefined }, 'claims'],
      [
        'no scope of the API',
        { scope: 'email profile' },
        '36fa0f91-0d2e-4d5b-a6a7-2f6a1f1b7c11, growth, nothing',
      ],
      ['another host', { iss: 'http://id.example:8080/realms/main' }, 'issuer'],
    ],
  },
  'Amazon Cognito, ID token': {
    shape: {
      algorithm: 'RS256',
      payload: {
        ...hour,
        iss: 'https://cognito-idp.eu-west-1.amazonaws.com/POOL',
        aud: 'APP_CLIENT_ID',
        sub: 'aaaa-bbbb',
        token_use: 'id',
        'cognito:username': 'ada',
        'custom:tier': 'growth',
      },
    },
    yields: `aaaa-bbbb, growth, ${everything}`,
    wrong: [
      ['an access token', { aud: undefined, token_use: 'access' }, 'audience'],
      ['another use', { token_use: 'access' }, 'claims'],
    ],
  },
  'Amazon Cognito, access token': {
    shape: {
      algorithm: 'RS256',
      payload: {
        ...hour,
        iss: 'https://cognito-idp.eu-west-1.amazonaws.com/POOL',
        client_id: 'APP_CLIENT_ID',
        sub: 'aaaa-bbbb',
        token_use: 'access',
        username: 'ada',
        scope: 'openid andamio/write',
        tier: 'starter',
      },
    },
    yields: 'aaaa-bbbb, starter, apikey:write',
    wrong: [
      ['another client', { client_id: 'OTHER' }, 'audience'],
      [
        'the sign-in of an SDK',
        { scope: 'aws.cognito.signin.user.admin' },
        'aaaa-bbbb, starter, nothing',
      ],
    ],
  },
  'Microsoft Entra ID, v2 tokens': {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'JWT' },
      payload: {
        iat: now - 300,
        nbf: now - 300,
        exp: now + 4_500,
        iss: 'https://login.microsoftonline.com/TENANT/v2.0',
        aud: 'API_CLIENT_ID',
        azp: '1111',
        oid: '6902',
        sub: 'HKZpfaHy',
        tid: 'TENANT',
        scp: 'apikey:write',
        roles: ['Reader', 'tier.growth'],
        ver: '2.0',
      },
    },
    yields: '6902, growth, apikey:write',
    wrong: [
      ['an application, which has no scp', { scp: undefined }, '6902, growth, nothing'],
      ['a v1 token', { iss: 'https://sts.windows.net/TENANT/' }, 'issuer', { x5t: 'AAAA' }],
      ['another API', { aud: '00000003-0000-0000-c000-000000000000' }, 'audience'],
    ],
  },
  'Okta, custom authorization server': {
    shape: {
      algorithm: 'RS256',
      payload: {
        ...hour,
        ver: 1,
        jti: 'AT.x',
        iss: 'https://acme.okta.com/oauth2/default',
        aud: 'api://default',
        sub: 'ada@x.example',
        uid: '00u1',
        cid: '0oa1',
        scp: ['openid', 'apikey:write'],
        tier: 'growth',
      },
    },
    yields: '00u1, growth, apikey:write',
    wrong: [
      ['client credentials, without a user', { uid: undefined }, 'claims'],
      ['no scope of the API', { scp: ['openid'] }, '00u1, growth, nothing'],
      ['the org server', { iss: 'https://acme.okta.com' }, 'issuer'],
    ],
  },
  'WorkOS AuthKit': {
    shape: {
      algorithm: 'RS256',
      payload: {
        iat: now,
        exp: now + 300,
        iss: 'https://api.workos.com/user_management/CLIENT',
        aud: 'https://api.andamio.example',
        sub: 'user_1',
        sid: 'session_1',
        org_id: 'org_1',
        role: 'member',
        permissions: ['apikey:write'],
        'urn:andamio:tier': 'growth',
      },
    },
    yields: 'user_1, growth, apikey:write',
    wrong: [
      ['no template', { aud: undefined }, 'audience'],
      ['impersonation', { act: { sub: 'admin@x.example' } }, 'claims'],
      ['an older environment', { iss: 'https://api.workos.com' }, 'issuer'],
    ],
  },
  'better-auth, jwt plugin': {
    shape: {
      algorithm: 'EdDSA',
      payload: {
        iat: now,
        exp: now + 900,
        id: 'u1',
        name: 'Ada',
        email: 'a@x.example',
        emailVerified: true,
        image: null,
        tier: 'growth',
        sub: 'u1',
        iss: 'https://app.example',
        aud: 'https://app.example',
      },
    },
    yields: `u1, growth, ${everything}`,
    wrong: [
      ['an empty column', { tier: null }, `u1, pioneer, ${everything}`],
      ['another audience', { aud: 'https://other.example' }, 'audience'],
    ],
  },
  'Google service accounts': {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'JWT' },
      payload: {
        ...hour,
        iss: 'https://accounts.google.com',
        aud: 'https://api.andamio.example',
        azp: '117100000000000000002',
        sub: '117100000000000000002',
        email: 'smoke@p.iam.gserviceaccount.com',
        email_verified: true,
      },
    },
    yields: `117100000000000000002, pioneer, ${everything}`,
    wrong: [["anyone else's account", { sub: '117100000000000000003' }, 'claims']],
  },
  'GitHub Actions': {
    shape: {
      algorithm: 'RS256',
      header: { typ: 'JWT', x5t: 'eBtAFBRXZAOcwxXQ' },
      payload: {
        nbf: now - 600,
        iat: now,
        exp: now + 300,
        iss: 'https://token.actions.githubusercontent.com',
        aud: 'https://api.andamio.example',
        sub: 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main',
        repository: 'octo-org/octo-repo',
        repository_id: '456789',
        repository_owner_id: '123456',
        event_name: 'push',
        ref: 'refs/heads/main',
      },
    },
    yields: `456789, pioneer, ${everything}`,
    wrong: [
      ["anyone else's repository", { repository_owner_id: '999' }, 'claims'],
      ['a pull request', { event_name: 'pull_request_target' }, 'claims'],
    ],
  },
};

const ownIssuers = [
  'Your own issuer with a shared secret (HS256)',
  'Your own issuer with a key pair (ES256)',
];

test('every recipe of docs/tokens.md is tested', () => {
  expect(tokenRecipes.map(({ issuer }) => issuer).sort()).toEqual(
    [...Object.keys(cases), ...ownIssuers].sort(),
  );
});

describe.each(Object.entries(cases))('with the documented settings for %s', (issuer, one) => {
  const { shape, yields, wrong } = one;
  const { settings } = tokenRecipe(issuer);

  test('a token of this issuer is accepted', async () => {
    expect(await result(verifierOf(settings), tokenOf(shape))).toBe(yields);
  });

  test.each([...wrong])(
    'a token of %s is treated as documented',
    async (_what, claims, expected, header) => {
      expect(await result(verifierOf(settings), tokenOf(shape, claims, header))).toBe(expected);
    },
  );

  test('a token without a required value, with another audience or issuer, or unsigned is rejected', async () => {
    const verify = verifierOf(settings);
    const audience = settings['JWT_AUDIENCE_CLAIM'] ?? 'aud';
    expect(await verify(tokenOf(shape, { [audience]: 'https://other.example' }))).toBe('audience');
    expect(await verify(tokenOf(shape, { iss: 'https://other.example' }))).toBe('issuer');
    expect(await verify(tokenOf(shape, { exp: now - 60 }))).toBe('expired');
    expect(await verify(hmacToken({ alg: 'HS256' }, shape.payload, legacySecret))).toBe(
      'algorithm',
    );
    for (const { name, isExcluded } of productionSettings(settings).jwt.claims.required)
      if (!isExcluded) expect(await verify(tokenOf(shape, { [name]: undefined }))).toBe('claims');
  });
});

const run = promisify(execFile);
/** Runs a documented program and returns its output. */
async function output(program: string, environment: Readonly<Record<string, string>>) {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: environment,
  });
  return stdout.trim();
}

test("the documented program's HS256 token is accepted with the documented settings", async () => {
  const { settings, program } = tokenRecipe('Your own issuer with a shared secret (HS256)');
  const token = await output(program as string, settings);
  expect(await result(verifierOf(settings), token)).toBe(`user-1, growth, ${everything}`);
  const other = { ...settings, JWT_SECRETS: legacySecret };
  expect(await verifierOf(other)(token)).toBe('signature');
});

test("the documented program's ES256 token is accepted with the documented settings", async () => {
  const { settings, program } = tokenRecipe('Your own issuer with a key pair (ES256)');
  const printed = JSON.parse(await output(program as string, {})) as {
    jwks: object;
    token: string;
  };
  const published = jwks.answer;
  jwks.answer = printed.jwks;
  expect(await result(verifierOf(settings), printed.token)).toBe(`user-1, growth, ${everything}`);
  jwks.answer = published;
  expect(await verifierOf(settings)(printed.token)).toBe('unknown_key');
});
