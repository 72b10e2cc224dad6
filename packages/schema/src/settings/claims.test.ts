import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scopes } from '../operations/operation.ts';
import { type Tier, tiers } from '../tiers.ts';
import { type Environment, parseSettings } from './index.ts';

const production = {
  NODE_ENV: 'production',
  KEY_STORE: 'firestore',
  GOOGLE_CLOUD_PROJECT: 'my-project',
  JWT_AUDIENCE: 'andamio-api',
  KEY_PEPPERS: `a:${Buffer.alloc(32).toString('base64')}`,
};
const google = 'https://accounts.google.com';
const github = 'https://token.actions.githubusercontent.com';
const signIn = { JWT_OIDC_ISSUER: 'https://a.example', CONSOLE_OIDC_CLIENT_ID: 'console' };
const jwksUrl = 'https://issuer.example/keys';

const problemsOf = (environment: Environment) => {
  const parsed = parseSettings(environment);
  return parsed.ok ? [] : parsed.problems.map(({ name, rule }) => `${name} ${rule}`);
};

function jwtOf(environment: Environment) {
  const parsed = parseSettings(environment);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings.jwt;
}

/** Generates text without list separators and without white space at either end. */
const word = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((text) => text.trim() === text && !/[,|=!/~'"`]/.test(text));
const tier = fc.constantFrom(...(Object.keys(tiers) as Tier[]));

describe('settings of an issuer', () => {
  const claimNames = [
    'JWT_SUBJECT_CLAIM',
    'JWT_TIER_CLAIM',
    'JWT_SCOPE_CLAIM',
    'JWT_ALIAS_CLAIM',
    'JWT_AUDIENCE_CLAIM',
  ];

  test.each(claimNames)('%s accepts literal names and JSON Pointers', (name) => {
    for (const value of [
      'tier',
      'custom:tier',
      'https://andamio.example/tier',
      'a.b~c',
      '/app_metadata/tier',
      '/https:~1~1andamio.example~1claims/tier',
      '/',
      '/a//0/~0~1',
    ])
      expect(problemsOf({ [name]: value }), value).toEqual([]);
  });

  test.each(claimNames)('%s rejects an invalid JSON Pointer', (name) => {
    for (const value of ['/a~', '/a~2b', '/~/a', '/~~1'])
      expect(problemsOf({ [name]: value }), value).toEqual([
        `${name} must be a JSON Pointer if it begins with /: ~ is written as ~0, and / within a name as ~1`,
      ]);
  });

  test.each<[string, string, string]>([
    ['JWT_TIERS', 'Pro', 'must be NAME=TIER pairs separated by commas, TIER one of: pioneer, star'],
    ['JWT_TIERS', 'Pro=gold', 'must be NAME=TIER pairs'],
    ['JWT_TIERS', '=growth', 'must be NAME=TIER pairs'],
    ['JWT_TIERS', 'Pro=growth,', 'must be NAME=TIER pairs'],
    ['JWT_TIERS', 'Pro=growth, Free=pioneer', 'must be NAME=TIER pairs'],
    ['JWT_TIERS', 'Pro=constructor', 'must be NAME=TIER pairs'],
    ['JWT_TIERS', 'Pro=growth,Pro=starter', 'must not map a name twice'],
    ['JWT_DEFAULT_TIER', 'gold', 'must be one of: pioneer, starter, growth, enterprise, none'],
    ['JWT_SCOPES', 'write=apikey:delete', 'must be NAME=SCOPE pairs'],
    ['JWT_SCOPES', 'write=apikey:write,write=apikey:write', 'must not name a pair twice'],
    ['JWT_SCOPES', 'my scope=apikey:write', 'must not have white space in a name'],
    ['JWT_SCOPE_REQUIRED', 'true', 'must be one of: on, off'],
    ['JWT_AUDIENCE', 'a,', 'must be different values separated by commas'],
    ['JWT_AUDIENCE', 'a, b', 'must be different values separated by commas'],
    ['JWT_AUDIENCE', 'a,b,a', 'must be different values separated by commas'],
    ['JWT_REQUIRED_CLAIMS', 'azp', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', 'azp=', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', '=x', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', '!=x', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', 'azp=a|', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', 'azp!=a|b', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', 'azp=a, sts!=b', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', 'azp = a', 'must be conditions separated by commas'],
    ['JWT_REQUIRED_CLAIMS', '/a~2=b', 'must be conditions separated by commas'],
    ['JWT_OIDC_ISSUER', 'issuer.example', 'must be a URL that begins with https:// or http://'],
    ['JWT_OIDC_ISSUER', 'https://u:p@issuer.example', 'must not contain a user name or password'],
    ['JWT_OIDC_ISSUER', 'https://issuer.example?x=1', 'must not have a query or a fragment'],
    ['JWT_OIDC_ISSUER', 'https://issuer.example/#a', 'must not have a query or a fragment'],
    ['JWT_OIDC_ISSUER', 'https://issuer.example/{tenantid}/v2.0', 'must not contain a placeholder'],
    ['JWT_OIDC_ISSUER', 'https://issuer.example/%7Btenantid%7D', 'must not contain a placeholder'],
    ['JWT_OIDC_ISSUER', 'https://issuer.example/<tenant>', 'must not contain a placeholder'],
    ...['common', 'organizations/v2.0', 'consumers/', 'Common/v2.0'].map(
      (path): [string, string, string] => [
        'JWT_OIDC_ISSUER',
        `https://login.microsoftonline.com/${path}`,
        'must be the issuer of one tenant, with its id in place of common',
      ],
    ),
  ])('rejects %s=%j with its rule and without its value', (name, value, rule) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toEqual([expect.stringContaining(`${name} ${rule}`)]);
    expect(problems[0]).not.toContain(value);
  });

  test('accepts the issuer of a tenant whose name only contains a general word', () => {
    for (const issuer of [
      'https://id.example/realms/common',
      'https://common.example/',
      'https://id.example/commons',
    ])
      expect(jwtOf({ JWT_OIDC_ISSUER: issuer })).toMatchObject({
        keys: { kind: 'oidc', issuer },
        issuers: [issuer],
      });
  });

  test('the rules of an issuer are part of its settings', () => {
    expect(
      jwtOf({
        JWT_JWKS_URL: jwksUrl,
        JWT_ISSUER: 'https://a.example,https://b.example/',
        JWT_AUDIENCE: 'one,two',
        JWT_TIER_CLAIM: '/app_metadata/tier',
        JWT_TIERS: 'Free=pioneer,a=b=growth',
        JWT_DEFAULT_TIER: 'none',
        JWT_SCOPES: 'admin=apikey:write,admin=apikey:read',
        JWT_SCOPE_REQUIRED: 'on',
        JWT_REQUIRED_CLAIMS: 'azp=https://a.example|b,/firebase/sign_in_provider!=anonymous',
      }),
    ).toEqual({
      keys: { kind: 'jwks', url: jwksUrl },
      issuers: ['https://a.example', 'https://b.example/'],
      audiences: ['one', 'two'],
      claims: {
        subject: 'sub',
        tier: '/app_metadata/tier',
        scope: 'scope',
        alias: 'alias',
        audience: 'aud',
        tiers: new Map([
          ['Free', 'pioneer'],
          ['a=b', 'growth'],
        ]),
        defaultTier: undefined,
        scopes: new Map([['admin', ['apikey:write', 'apikey:read']]]),
        scopeRequired: true,
        required: [
          { name: 'azp', values: ['https://a.example', 'b'], isExcluded: false },
          { name: '/firebase/sign_in_provider', values: ['anonymous'], isExcluded: true },
        ],
      },
    });
  });

  test.each<[string, Environment, string[]]>([
    [
      'JWT_OIDC_ISSUER beside JWT_SECRETS',
      { JWT_OIDC_ISSUER: 'https://a.example', JWT_SECRETS: 'x'.repeat(32) },
      [
        'JWT_OIDC_ISSUER must not be set together with JWT_SECRETS or JWT_JWKS_URL: exactly one of the three verifies tokens',
      ],
    ],
    [
      'a client for the console without JWT_OIDC_ISSUER',
      { CONSOLE_OIDC_CLIENT_ID: 'console', JWT_JWKS_URL: jwksUrl },
      [
        'CONSOLE_OIDC_CLIENT_ID must be set only with JWT_OIDC_ISSUER, which is where users of the console sign in',
      ],
    ],
    [
      'scopes for the console with two spaces',
      { ...signIn, CONSOLE_OIDC_SCOPE: 'openid  apikey:read' },
      ['CONSOLE_OIDC_SCOPE must be scopes separated by single spaces'],
    ],
    [
      'scopes for the console without openid',
      { ...signIn, CONSOLE_OIDC_SCOPE: 'apikey:read' },
      ['CONSOLE_OIDC_SCOPE must contain the scope openid'],
    ],
    [
      'scopes and a resource for the console without a client',
      { CONSOLE_OIDC_SCOPE: 'openid', CONSOLE_OIDC_RESOURCE: 'api' },
      [
        'CONSOLE_OIDC_SCOPE must be set only with CONSOLE_OIDC_CLIENT_ID',
        'CONSOLE_OIDC_RESOURCE must be set only with CONSOLE_OIDC_CLIENT_ID',
      ],
    ],
    [
      'JWT_OIDC_ISSUER beside JWT_JWKS_URL',
      { JWT_OIDC_ISSUER: 'https://a.example', JWT_JWKS_URL: jwksUrl },
      [
        'JWT_OIDC_ISSUER must not be set together with JWT_SECRETS or JWT_JWKS_URL: exactly one of the three verifies tokens',
      ],
    ],
    [
      'another JWT_ISSUER beside JWT_OIDC_ISSUER',
      { JWT_OIDC_ISSUER: 'https://a.example/', JWT_ISSUER: 'https://a.example' },
      ['JWT_ISSUER must equal JWT_OIDC_ISSUER or be unset'],
    ],
    [
      'the same JWT_ISSUER beside JWT_OIDC_ISSUER',
      { JWT_OIDC_ISSUER: 'https://a.example/', JWT_ISSUER: 'https://a.example/' },
      [],
    ],
    [
      'several issuers without JWT_JWKS_URL',
      { JWT_ISSUER: 'a,b' },
      ['JWT_ISSUER must be one issuer, without a comma, unless JWT_JWKS_URL is set'],
    ],
    [
      'an http: issuer in production',
      { ...production, JWT_OIDC_ISSUER: 'http://a.example' },
      ['JWT_OIDC_ISSUER must begin with https: in production'],
    ],
    ['an issuer by discovery in production', { ...production, JWT_OIDC_ISSUER: 'https://a' }, []],
    [
      'an issuer by discovery without an audience in production',
      { ...production, JWT_OIDC_ISSUER: 'https://a', JWT_AUDIENCE: undefined },
      ['JWT_AUDIENCE must be set in production'],
    ],
  ])('checks %s together with the other settings', (_what, environment, problems) => {
    expect(problemsOf(environment)).toEqual(problems);
  });

  const open =
    'JWT_REQUIRED_CLAIMS must be set with a NAME=VALUE condition in production, because anyone can get a token of this issuer';

  test.each<[string, Environment]>([
    ['Google', { JWT_OIDC_ISSUER: google }],
    ['Google with a slash', { JWT_OIDC_ISSUER: `${google}/` }],
    ['GitHub Actions', { JWT_OIDC_ISSUER: github }],
    ['GitHub Actions by its keys', { JWT_JWKS_URL: jwksUrl, JWT_ISSUER: github }],
    ['Google in a list', { JWT_JWKS_URL: jwksUrl, JWT_ISSUER: `https://a.example,${google}` }],
    ['Google by its old name', { JWT_JWKS_URL: jwksUrl, JWT_ISSUER: 'accounts.google.com' }],
  ])('production rejects the tokens of %s without a condition on the caller', (_who, issuer) => {
    const settings = { ...production, ...issuer };
    expect(problemsOf(settings)).toEqual([open]);
    expect(problemsOf({ ...settings, JWT_REQUIRED_CLAIMS: 'event_name!=pull_request' })).toEqual([
      open,
    ]);
    expect(problemsOf({ ...settings, JWT_REQUIRED_CLAIMS: 'sub=1234' })).toEqual([]);
    expect(problemsOf({ ...settings, NODE_ENV: 'development' })).toEqual([]);
  });

  test('JWT_TIERS maps every name that it lists', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1 }), fc.infiniteStream(tier), (names, all) => {
        const pairs = names.map((name) => [name, all.next().value as Tier] as const);
        const line = pairs.map((pair) => pair.join('=')).join(',');
        expect(jwtOf({ JWT_TIERS: line }).claims.tiers).toEqual(new Map(pairs));
      }),
    );
  });

  test('JWT_AUDIENCE is the list of its values', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1 }), (audiences) => {
        expect(jwtOf({ JWT_AUDIENCE: audiences.join(',') }).audiences).toEqual(audiences);
      }),
    );
  });

  test('JWT_REQUIRED_CLAIMS is the list of its conditions', () => {
    const condition = fc.oneof(
      fc.record({
        name: word,
        values: fc.array(word, { minLength: 1 }),
        isExcluded: fc.constant(false),
      }),
      fc.record({ name: word, values: fc.tuple(word), isExcluded: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1 }), (conditions) => {
        const line = conditions
          .map((one) => `${one.name}${one.isExcluded ? '!=' : '='}${one.values.join('|')}`)
          .join(',');
        expect(jwtOf({ JWT_REQUIRED_CLAIMS: line }).claims.required).toEqual(conditions);
      }),
    );
  });

  test('lists lose no part of any accepted text', () => {
    const separators = fc.constantFrom('=', '!=', ',', '|', ' ', '/', '~', ...scopes, 'growth');
    const text = fc.array(fc.oneof(separators, fc.string({ maxLength: 3 })), { minLength: 1 });
    fc.assert(
      fc.property(text, (parts) => {
        const line = parts.join('');
        const accepted = (name: string) => {
          const parsed = parseSettings({ [name]: line });
          return parsed.ok && line !== '' ? parsed.settings.jwt : undefined;
        };
        const tierNames = accepted('JWT_TIERS')?.claims.tiers;
        if (tierNames) expect([...tierNames].map((pair) => pair.join('=')).join(',')).toBe(line);
        const required = accepted('JWT_REQUIRED_CLAIMS')?.claims.required;
        const conditions = required?.map(
          ({ name, values, isExcluded }) => name + (isExcluded ? '!=' : '=') + values.join('|'),
        );
        if (conditions) expect(conditions.join(',')).toBe(line);
        const audiences = accepted('JWT_AUDIENCE')?.audiences;
        if (audiences) expect(audiences.join(',')).toBe(line);
      }),
      { numRuns: 500 },
    );
  });
});
