import { describe, expect, test } from 'vitest';
import {
  type Environment,
  parseSettings,
  secretSettings,
  settingNames,
  storeSettings,
} from './index.ts';

const pepper = (version: string, bytes = 32) =>
  `${version}:${Buffer.alloc(bytes, version).toString('base64')}`;
const secret = 'x'.repeat(32);
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const production = {
  NODE_ENV: 'production',
  KEY_STORE: 'firestore',
  GOOGLE_CLOUD_PROJECT: 'my-project',
  JWT_SECRETS: secret,
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'andamio-api',
  KEY_PEPPERS: pepper('a'),
};

const problemsOf = (environment: Environment) => {
  const parsed = parseSettings(environment);
  return parsed.ok ? [] : parsed.problems.map(({ name, rule }) => `${name} ${rule}`);
};

function settingsOf(environment: Environment) {
  const parsed = parseSettings(environment);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}

describe('settings', () => {
  test.each(settingNames)('%s in quotes is rejected, whatever else is wrong with it', (name) => {
    for (const quote of ['"', "'", '`']) {
      const problems = problemsOf({ [name]: `${quote}value${quote}` });
      expect(problems).toContain(`${name} must not be in quotes: they are part of the value`);
    }
  });

  test('the console signs in at the issuer of the tokens, by default with the scope openid alone', () => {
    const { consoleSignIn } = settingsOf({
      JWT_OIDC_ISSUER: 'https://issuer.example/',
      CONSOLE_OIDC_CLIENT_ID: 'console',
    });
    expect(consoleSignIn).toEqual({
      issuer: 'https://issuer.example/',
      clientId: 'console',
      scope: 'openid',
      resource: null,
    });
  });

  test('a quote on one side only is part of the value', () => {
    expect(settingsOf({ JWT_AUDIENCE: '"api' }).jwt.audiences).toEqual(['"api']);
  });

  test('an empty environment gives the development settings', () => {
    expect(settingsOf({})).toEqual({
      production: false,
      host: '127.0.0.1',
      port: 8080,
      store: { kind: 'sqlite', path: '.data/keys.db' },
      googleCloudProject: undefined,
      jwt: {
        keys: undefined,
        issuers: undefined,
        audiences: undefined,
        claims: {
          subject: 'sub',
          tier: 'tier',
          scope: 'scope',
          alias: 'alias',
          audience: 'aud',
          tiers: new Map(),
          defaultTier: 'pioneer',
          scopes: new Map(),
          scopeRequired: false,
          required: [],
        },
      },
      peppers: undefined,
      redis: undefined,
      trustProxyHops: 0,
      ipRateLimitPerMinute: 600,
      guardSecrets: [],
      verifyCacheSeconds: 10,
      corsOrigins: [],
      console: true,
      consoleSignIn: undefined,
      githubSecretScanningKeysUrl: undefined,
      keyReports: false,
      deviceLogin: false,
      logLevel: 'info',
      shutdownGraceSeconds: 8,
    });
  });

  test('production listens on all addresses by default', () => {
    expect(settingsOf(production)).toMatchObject({ production: true, host: '0.0.0.0', port: 8080 });
  });

  test('treats empty variables as unset and ignores unknown ones', () => {
    expect(settingsOf({ PORT: '', JWT_SECRETS: '', PATH: '/bin' })).toEqual(settingsOf({}));
  });

  test.each<[string, string, string]>([
    ['NODE_ENV', 'prod', 'must be one of: development, test, production'],
    ['PORT', '80a', 'must be an integer from 0 to 65535'],
    ['PORT', '65536', 'must be an integer from 0 to 65535'],
    ['PORT', '-1', 'must be an integer from 0 to 65535'],
    ['PORT', '8080.0', 'must be an integer from 0 to 65535'],
    ['PORT', '0x50', 'must be an integer from 0 to 65535'],
    ['PORT', '1e3', 'must be an integer from 0 to 65535'],
    ['PORT', '8080\n', 'must be an integer from 0 to 65535'],
    ['HOST', ' 0.0.0.0', 'must not have white space around it'],
    ['KEY_STORE', 'memory', 'must be one of: sqlite, firestore'],
    ['GOOGLE_CLOUD_PROJECT', 'My Project', 'must be the id of a Google Cloud project'],
    ['FIRESTORE_DATABASE', 'Default!', 'must be (default) or the id of a database'],
    ['FIRESTORE_EMULATOR_HOST', 'localhost', 'must be HOST:PORT'],
    ['FIRESTORE_EMULATOR_HOST', '127.999.1.1:8080', 'must be HOST:PORT'],
    ['FIRESTORE_EMULATOR_HOST', '127.0.0.1:99999', 'must be HOST:PORT'],
    ['JWT_SECRETS', 'short', 'must be secrets of at least 32 bytes each, separated by commas'],
    ['JWT_SECRETS', `${secret},`, 'must be secrets of at least 32 bytes each, separated by commas'],
    [
      'JWT_SECRETS',
      `${secret}\n`,
      'must have no white space around a secret (a trailing line break is the usual cause)',
    ],
    ['JWT_SECRETS', `${secret},${secret}`, 'must not contain a secret twice'],
    ['JWT_JWKS_URL', 'ftp://x/y', 'must be a URL that begins with https:// or http://'],
    [
      'JWT_JWKS_URL',
      'https://user:password@issuer.example/keys',
      'must not contain a user name or password',
    ],
    [
      'GITHUB_SECRET_SCANNING_KEYS_URL',
      'https://user@github.example/',
      'must not contain a user name or password',
    ],
    ['JWT_JWKS_URL', 'not a url', 'must be a URL that begins with https:// or http://'],
    [
      'KEY_PEPPERS',
      `a:${Buffer.alloc(32).toString('base64').replace('=', '')}`,
      'must be VERSION:BASE64 pairs',
    ],
    [
      'KEY_PEPPERS',
      `a:${Buffer.alloc(33, 0xff).toString('base64url')}`,
      'must be VERSION:BASE64 pairs',
    ],
    ['KEY_PEPPERS', `${pepper('a')},`, 'must be VERSION:BASE64 pairs'],
    ['KEY_PEPPERS', 'no-pair', 'must be VERSION:BASE64 pairs'],
    ['KEY_PEPPERS', pepper('A'), 'must be VERSION:BASE64 pairs'],
    ['KEY_PEPPERS', pepper('a', 31), 'must be VERSION:BASE64 pairs'],
    ['KEY_PEPPERS', `${pepper('a')}!`, 'must be VERSION:BASE64 pairs'],
    ['KEY_PEPPERS', `${pepper('a')}, ${pepper('b')}`, 'must be VERSION:BASE64 pairs'],
    ['KEY_PEPPERS', `${pepper('a')},${pepper('a')}`, 'must not contain a version twice'],
    [
      'KEY_PEPPERS',
      `${pepper('a')},${pepper('a').replace('a:', 'b:')}`,
      'must not contain a secret twice',
    ],
    ['KEY_PEPPERS', pepper('a'.repeat(17)), 'must be VERSION:BASE64 pairs'],
    ['REDIS_URL', 'http://redis', 'must be a URL that begins with rediss:// or redis://'],
    ['REDIS_URL', 'redis://:50%off@h', 'must have a percent-encoded user name and password'],
    [
      'REDIS_URL',
      'rediss://50%off:password@h',
      'must have a percent-encoded user name and password',
    ],
    ['REDIS_URL', 'redis://:%ff@h', 'must have a percent-encoded user name and password'],
    ['REDIS_URL', 'redis://user:12/34@h', 'must have a percent-encoded user name and password'],
    ['REDIS_URL', 'redis://user:12?34@h', 'must have a percent-encoded user name and password'],
    ['REDIS_URL', 'redis://user:12#34@h', 'must have a percent-encoded user name and password'],
    ['REDIS_URL', 'redis://h/first', 'must have no path other than the number of a database'],
    ['REDIS_URL', 'redis://h/-1', 'must have no path other than the number of a database'],
    ['REDIS_URL', 'redis://h?db=3', 'must not have a query or a fragment'],
    ['REDIS_URL', 'redis://h/3#x', 'must not have a query or a fragment'],
    ['REDIS_CA', certificate, 'must be set only with a rediss: REDIS_URL'],
    ['REDIS_AUTH', 'iam', 'must be one of: url, google-iam'],
    ['REDIS_AUTH', 'google-iam', 'must be google-iam only with a rediss: REDIS_URL'],
    ['JWT_JWKS_URL', 'https:issuer', 'must be a URL that begins with https:// or http://'],
    ['TRUST_PROXY_HOPS', '11', 'must be an integer from 0 to 10'],
    ['TRUST_PROXY_HOPS', 'true', 'must be an integer from 0 to 10'],
    ['IP_RATE_LIMIT_PER_MINUTE', '1000001', 'must be an integer from 1 to 1000000'],
    ['IP_RATE_LIMIT_PER_MINUTE', '0', 'must be an integer from 1 to 1000000'],
    ['VERIFY_CACHE_SECONDS', '0', 'must be an integer from 1 to 10'],
    ['VERIFY_CACHE_SECONDS', '11', 'must be an integer from 1 to 10'],
    ['MAX_EXPIRES_IN_DAYS', '0', 'must be an integer from 1 to 36500'],
    ['MAX_EXPIRES_IN_DAYS', '36501', 'must be an integer from 1 to 36500'],
    ['CONSOLE', 'false', 'must be one of: on, off'],
    ['KEY_REPORTS', 'true', 'must be one of: on, off'],
    ['DEVICE_LOGIN', 'true', 'must be one of: on, off'],
    ['GUARD_SECRETS', 'short', 'must be secrets of at least 32 bytes each, separated by commas'],
    [
      'GUARD_SECRETS',
      `${secret},short`,
      'must be secrets of at least 32 bytes each, separated by commas',
    ],
    [
      'GUARD_SECRETS',
      `${secret}\n`,
      'must have no white space around a secret (a trailing line break is the usual cause)',
    ],
    ['GUARD_SECRETS', `${secret},${secret}`, 'must not contain a secret twice'],
    [
      'GUARD_SECRETS',
      'é'.repeat(16),
      'must consist of visible ASCII characters, since each is sent in a header',
    ],
    [
      'GUARD_SECRETS',
      `${secret} ${secret}`,
      'must consist of visible ASCII characters, since each is sent in a header',
    ],
    ['CORS_ORIGINS', '*', 'must be exact origins'],
    ['CORS_ORIGINS', 'https://*.example.com', 'must be exact origins'],
    ['CORS_ORIGINS', 'https://example.com/', 'must be exact origins'],
    ['CORS_ORIGINS', 'example.com', 'must be exact origins'],
    ['CORS_ORIGINS', 'https://example.com,', 'must be exact origins'],
    ['CORS_ORIGINS', 'https://example.com:443', 'must be exact origins'],
    ['CORS_ORIGINS', 'https://Example.com', 'must be exact origins'],
    ['CORS_ORIGINS', 'https://user@example.com', 'must be exact origins'],
    ['CORS_ORIGINS', 'null', 'must be exact origins'],
    [
      'GITHUB_SECRET_SCANNING_KEYS_URL',
      'api.github.com',
      'must be a URL that begins with https:// or http://',
    ],
    ['LOG_LEVEL', 'INFO', 'must be one of: fatal, error, warn, info, debug, trace'],
    ['LOG_LEVEL', 'verbose', 'must be one of: fatal, error, warn, info, debug, trace'],
    ['SHUTDOWN_GRACE_SECONDS', '3601', 'must be an integer from 1 to 3600'],
    ['SHUTDOWN_GRACE_SECONDS', '0', 'must be an integer from 1 to 3600'],
  ])('rejects %s=%j with its rule and without its value', (name, value, rule) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name} ${rule}`);
    if (secretSettings.some((secretName) => secretName === name))
      expect(problems[0]).not.toContain(value);
  });

  test.each(settingNames)('%s has a rule whose message never contains the value', (name) => {
    const problems = problemsOf({ [name]: ' hunter2 hunter2\n' });
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^[A-Z_]+ must (?!.*hunter2)/);
  });

  test.each<[string, readonly string[]]>([
    ['NODE_ENV', ['development', 'test']],
    ['HOST', ['::', '0.0.0.0', 'localhost']],
    ['PORT', ['0', '1', '65535']],
    ['SQLITE_PATH', [':memory:', '/data/keys.db', 'with space.db']],
    ['GOOGLE_CLOUD_PROJECT', ['abcdef', 'example.com:project', `a${'b'.repeat(61)}c`]],
    ['FIRESTORE_DATABASE', ['(default)', 'abcd', `a${'b'.repeat(61)}c`]],
    ['FIRESTORE_EMULATOR_HOST', ['127.0.0.1:8080', 'localhost:1', '[::1]:8080', 'emulator:8080']],
    ['JWT_SECRETS', ['x'.repeat(32), 'é'.repeat(16), `with space inside ${secret}`]],
    ['JWT_JWKS_URL', ['https://issuer.example/keys?v=1', 'http://127.0.0.1:8080/']],
    ['JWT_ISSUER', ['issuer', 'https://issuer.example/']],
    ['KEY_PEPPERS', [pepper('a'), pepper('0'), pepper('a'.repeat(16)), pepper('a', 64)]],
    [
      'REDIS_URL',
      [
        'redis://127.0.0.1:6379',
        'redis://[::1]:6379/',
        'rediss://user:password@redis.example:6378/0',
        'redis://:50%25off%2F%3F%23@h',
      ],
    ],
    ['TRUST_PROXY_HOPS', ['0', '10']],
    ['IP_RATE_LIMIT_PER_MINUTE', ['1', '1000000']],
    ['GUARD_SECRETS', ['!'.repeat(32), `${secret},${secret}~`]],
    ['VERIFY_CACHE_SECONDS', ['1', '10']],
    ['MAX_EXPIRES_IN_DAYS', ['1', '36500']],
    ['KEY_REPORTS', ['on', 'off']],
    ['DEVICE_LOGIN', ['on', 'off']],
    [
      'CORS_ORIGINS',
      ['https://example.com', 'http://localhost:3000,https://a.example:8443', 'http://[::1]:3000'],
    ],
    [
      'GITHUB_SECRET_SCANNING_KEYS_URL',
      ['https://api.github.com/meta/public_keys/secret_scanning', 'http://127.0.0.1:8080/keys'],
    ],
    ['LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace']],
    ['SHUTDOWN_GRACE_SECONDS', ['1', '3600']],
  ])('%s accepts each of %j', (name, values) => {
    for (const value of values) expect(problemsOf({ [name]: value })).toEqual([]);
  });

  test.each<[string, Environment, (environment: Environment) => unknown, unknown]>([
    [
      'two secrets',
      { JWT_SECRETS: `${secret},${secret}y` },
      (env) => settingsOf(env).jwt.keys,
      { kind: 'secrets', secrets: [secret, `${secret}y`] },
    ],
    [
      'a JWKS',
      { JWT_JWKS_URL: 'https://a/b' },
      (env) => settingsOf(env).jwt.keys,
      { kind: 'jwks', url: 'https://a/b' },
    ],
    [
      'two peppers',
      { KEY_PEPPERS: `${pepper('b2')},${pepper('a')}` },
      (env) => settingsOf(env).peppers?.map(({ version }) => version),
      ['b2', 'a'],
    ],
    [
      'origins',
      { CORS_ORIGINS: 'https://a.example, http://localhost:3000' },
      (env) => settingsOf(env).corsOrigins,
      ['https://a.example', 'http://localhost:3000'],
    ],
    [
      'Redis with TLS',
      { REDIS_URL: 'rediss://:p@h:6378', REDIS_CA: certificate },
      (env) => settingsOf(env).redis,
      { url: 'rediss://:p@h:6378', ca: certificate, auth: 'url' },
    ],
    [
      "Redis with the service's Google identity",
      { REDIS_URL: 'rediss://h:6379', REDIS_CA: certificate.repeat(3), REDIS_AUTH: 'google-iam' },
      (env) => settingsOf(env).redis,
      { url: 'rediss://h:6379', ca: certificate.repeat(3), auth: 'google-iam' },
    ],
    [
      'an emulator',
      {
        FIRESTORE_EMULATOR_HOST: '[::1]:8081',
        KEY_STORE: 'firestore',
        GOOGLE_CLOUD_PROJECT: 'demo-x',
      },
      (env) => settingsOf(env).store,
      { kind: 'firestore', project: 'demo-x', database: '(default)', emulatorHost: '[::1]:8081' },
    ],
  ])('parses %s', (_what, environment, read, expected) => {
    expect(read(environment)).toEqual(expected);
  });

  test.each(['rediss://:hunter2@h', 'rediss://hunter2@h', 'rediss://default:hunter2@h:6379'])(
    'rejects a REDIS_URL with credentials together with REDIS_AUTH=google-iam: %s',
    (url) => {
      expect(problemsOf({ REDIS_URL: url, REDIS_AUTH: 'google-iam' })).toEqual([
        'REDIS_URL must not contain a user name or password when REDIS_AUTH is google-iam',
      ]);
    },
  );

  test('rejects device logins without the console, in which users approve them', () => {
    expect(problemsOf({ DEVICE_LOGIN: 'on', CONSOLE: 'off' })).toEqual([
      'DEVICE_LOGIN must be off when CONSOLE is off: users approve device logins in the console',
    ]);
    expect(problemsOf({ DEVICE_LOGIN: 'on' })).toEqual([]);
  });

  test.each<[string, Environment, string]>([
    [
      'the embedded store',
      { KEY_STORE: 'sqlite' },
      'KEY_STORE must be firestore in production: the embedded store is for one machine',
    ],
    [
      'the default store',
      { KEY_STORE: undefined },
      'KEY_STORE must be firestore in production: the embedded store is for one machine',
    ],
    [
      'generated secrets',
      { JWT_SECRETS: undefined },
      'JWT_SECRETS must be set in production, or JWT_JWKS_URL or JWT_OIDC_ISSUER instead',
    ],
    ['generated peppers', { KEY_PEPPERS: undefined }, 'KEY_PEPPERS must be set in production'],
    ['any issuer', { JWT_ISSUER: undefined }, 'JWT_ISSUER must be set in production'],
    ['any audience', { JWT_AUDIENCE: undefined }, 'JWT_AUDIENCE must be set in production'],
    [
      'an http: JWKS',
      { JWT_SECRETS: undefined, JWT_JWKS_URL: 'http://a/b' },
      'JWT_JWKS_URL must begin with https: in production',
    ],
    [
      "an http: URL of GitHub's keys",
      { GITHUB_SECRET_SCANNING_KEYS_URL: 'http://a/b' },
      'GITHUB_SECRET_SCANNING_KEYS_URL must begin with https: in production',
    ],
    [
      'Redis without TLS',
      { REDIS_URL: 'redis://a' },
      'REDIS_URL must begin with rediss: in production',
    ],
    [
      'an emulator on another host',
      { FIRESTORE_EMULATOR_HOST: 'emulator:8080' },
      'FIRESTORE_EMULATOR_HOST must be a loopback address in production',
    ],
    [
      'an emulator that only looks like loopback',
      { FIRESTORE_EMULATOR_HOST: '127.0.0.1.example.com:80' },
      'FIRESTORE_EMULATOR_HOST must be a loopback address in production',
    ],
    [
      'no project',
      { GOOGLE_CLOUD_PROJECT: undefined },
      'GOOGLE_CLOUD_PROJECT must be set when KEY_STORE is firestore',
    ],
    [
      'both secrets and a JWKS',
      { JWT_JWKS_URL: 'https://a/b' },
      'JWT_JWKS_URL must not be set together with JWT_SECRETS: exactly one of the two verifies tokens',
    ],
  ])('production rejects %s', (_what, environment, problem) => {
    expect(problemsOf({ ...production, ...environment })).toEqual([problem]);
  });

  test('rejects a guard secret that also signs tokens', () => {
    const others = { JWT_SECRETS: `${secret}a,${secret}b`, GUARD_SECRETS: `${secret}c,${secret}b` };
    expect(problemsOf(others)).toEqual([
      'GUARD_SECRETS must not share a secret with JWT_SECRETS: the operator of a guard could sign tokens',
    ]);
    expect(problemsOf({ ...others, GUARD_SECRETS: `${secret}c` })).toEqual([]);
  });

  test.each([
    ['JWT_JWKS_URL', 'HTTP://issuer.example/keys'],
    ['JWT_JWKS_URL', ' http://issuer.example/keys'],
    ['JWT_JWKS_URL', 'http:\\\\issuer.example/keys'],
    ['GITHUB_SECRET_SCANNING_KEYS_URL', 'HTTP://github.example/keys'],
    ['REDIS_URL', 'REDIS://redis.example'],
    ['REDIS_URL', ' redis://redis.example'],
  ])('production rejects an unencrypted URL in any spelling: %s=%j', (name, value) => {
    const problems = problemsOf({
      ...production,
      ...(name === 'JWT_JWKS_URL' && { JWT_SECRETS: '' }),
      [name]: value,
    });
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems)
      expect(problem).toMatch(new RegExp(`^${name} must (?!.*example)`));
  });

  test('reports every problem at once', () => {
    const problems = problemsOf({
      NODE_ENV: 'production',
      PORT: 'x',
      LOG_LEVEL: 'y',
      CORS_ORIGINS: '*',
    });
    for (const name of [
      'PORT',
      'LOG_LEVEL',
      'CORS_ORIGINS',
      'KEY_STORE',
      'JWT_SECRETS',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
      'KEY_PEPPERS',
    ]) {
      expect(
        problems.some((problem) => problem.startsWith(`${name} `)),
        name,
      ).toBe(true);
    }
  });

  test('the store settings of production require a pepper, but no other setting of the service', () => {
    const { NODE_ENV, KEY_STORE, GOOGLE_CLOUD_PROJECT, KEY_PEPPERS } = production;
    const store = {
      NODE_ENV,
      KEY_STORE,
      GOOGLE_CLOUD_PROJECT,
      PORT: 'eighty',
      JWT_ISSUER: '"quoted"',
    };
    const parsed = parseSettings({ ...store, KEY_PEPPERS }, storeSettings);
    expect(parsed.ok && parsed.settings.store).toMatchObject({
      kind: 'firestore',
      project: 'my-project',
    });
    expect(parseSettings(store, storeSettings)).toEqual({
      ok: false,
      problems: [{ name: 'KEY_PEPPERS', rule: 'must be set in production' }],
    });
  });

  test('every secret setting is a known setting', () => {
    expect(settingNames).toEqual(expect.arrayContaining([...secretSettings]));
  });
});
