import * as z from 'zod';
import type { SignInSettings } from '../console-settings.ts';
import type { Scope } from '../operations/operation.ts';
import { defaultTier, type Tier, tiers } from '../tiers.ts';
import {
  claimName,
  isPublicIssuer,
  type RequiredClaim,
  requiredClaims,
  requiresValue,
  scopeNames,
  tierNames,
  values as valueList,
} from './claims.ts';
import {
  hasCredentials,
  headerSecrets,
  hostAndPort,
  integer,
  isLoopback,
  jwtSecrets,
  keyPeppers,
  oidcIssuer,
  oneOf,
  openIdScope,
  origins,
  type Pepper,
  pem,
  plainText,
  publicUrl,
  redisUrl,
} from './rules.ts';

export type { RequiredClaim } from './claims.ts';
export type { Pepper } from './rules.ts';

/**
 * The service's environment variables, with a schema for each. A variable without a default is
 * undefined if it is not set.
 */
const variables = z.object({
  NODE_ENV: oneOf(['development', 'test', 'production']).default('development'),
  HOST: plainText.optional(),
  PORT: integer(0, 65_535).default(8080),
  KEY_STORE: oneOf(['sqlite', 'firestore']).default('sqlite'),
  SQLITE_PATH: plainText.default('.data/keys.db'),
  GOOGLE_CLOUD_PROJECT: z
    .string()
    .regex(/^[a-z][a-z0-9.:-]{4,61}[a-z0-9]$/, {
      error: 'must be the id of a Google Cloud project',
    })
    .optional(),
  FIRESTORE_DATABASE: z
    .string()
    .regex(/^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/, {
      error: 'must be (default) or the id of a database',
    })
    .default('(default)'),
  FIRESTORE_EMULATOR_HOST: hostAndPort.optional(),
  JWT_SECRETS: jwtSecrets.optional(),
  JWT_JWKS_URL: publicUrl(['https:', 'http:']).optional(),
  JWT_OIDC_ISSUER: oidcIssuer.optional(),
  JWT_ISSUER: valueList.optional(),
  JWT_AUDIENCE: valueList.optional(),
  JWT_SUBJECT_CLAIM: claimName.default('sub'),
  JWT_TIER_CLAIM: claimName.default('tier'),
  JWT_SCOPE_CLAIM: claimName.default('scope'),
  JWT_ALIAS_CLAIM: claimName.default('alias'),
  JWT_AUDIENCE_CLAIM: claimName.default('aud'),
  JWT_TIERS: tierNames.optional(),
  JWT_DEFAULT_TIER: oneOf([...(Object.keys(tiers) as [Tier, ...Tier[]]), 'none']).default(
    defaultTier,
  ),
  JWT_SCOPES: scopeNames.optional(),
  JWT_SCOPE_REQUIRED: oneOf(['on', 'off']).default('off'),
  JWT_REQUIRED_CLAIMS: requiredClaims.optional(),
  KEY_PEPPERS: keyPeppers.optional(),
  REDIS_URL: redisUrl.optional(),
  REDIS_CA: pem.optional(),
  REDIS_AUTH: oneOf(['url', 'google-iam']).default('url'),
  TRUST_PROXY_HOPS: integer(0, 10).default(0),
  IP_RATE_LIMIT_PER_MINUTE: integer(1, 1_000_000).default(600),
  GUARD_SECRETS: headerSecrets.optional(),
  // The published documentation states that a deleted key is rejected within 10 seconds.
  VERIFY_CACHE_SECONDS: integer(1, 10).default(10),
  // The maximum is a hundred years.
  MAX_EXPIRES_IN_DAYS: integer(1, 36_500).optional(),
  CORS_ORIGINS: origins.default([]),
  CONSOLE: oneOf(['on', 'off']).default('on'),
  CONSOLE_OIDC_CLIENT_ID: plainText.optional(),
  CONSOLE_OIDC_SCOPE: openIdScope.default('openid'),
  CONSOLE_OIDC_RESOURCE: plainText.optional(),
  GITHUB_SECRET_SCANNING_KEYS_URL: publicUrl(['https:', 'http:']).optional(),
  KEY_REPORTS: oneOf(['on', 'off']).default('off'),
  DEVICE_LOGIN: oneOf(['on', 'off']).default('off'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  SHUTDOWN_GRACE_SECONDS: integer(1, 3600).default(8),
});

/** The name of an environment variable that the service reads. */
export type SettingName = keyof z.input<typeof variables>;

/** The names of all environment variables that the service reads. */
export const settingNames = Object.keys(variables.shape) as SettingName[];

/** The environment variables whose values are secret. */
export const secretSettings = [
  'JWT_SECRETS',
  'KEY_PEPPERS',
  'GUARD_SECRETS',
  'REDIS_URL',
] as const satisfies SettingName[];

/**
 * The environment variables that a program needs to find keys in the store without running the
 * service.
 */
export const storeSettings = [
  'NODE_ENV',
  'KEY_STORE',
  'SQLITE_PATH',
  'GOOGLE_CLOUD_PROJECT',
  'FIRESTORE_DATABASE',
  'FIRESTORE_EMULATOR_HOST',
  'KEY_PEPPERS',
] as const satisfies SettingName[];

/**
 * An invalid setting: the variable, and the rule that its value violates. The value is omitted
 * because it may be secret.
 */
export interface SettingProblem {
  readonly name: SettingName;
  readonly rule: string;
}

/**
 * Environment variables by name. An empty value counts as unset, because it is easy to set by
 * mistake in a shell or in Cloud Run.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reports whether two comma-separated lists of secrets have a secret in common. */
function shareSecret(some = '', others = ''): boolean {
  const list = others.split(',');
  return some.split(',').some((secret) => secret !== '' && list.includes(secret));
}

/**
 * Checks the rules that involve more than one variable. Reads the unparsed environment, so that
 * violations are reported together with invalid values of single variables.
 */
function crossRules(env: Environment): SettingProblem[] {
  const production = env['NODE_ENV'] === 'production';
  const firestore = env['KEY_STORE'] === 'firestore';
  const { JWT_SECRETS: secrets, JWT_JWKS_URL: jwksUrl, JWT_OIDC_ISSUER: oidc } = env;
  const issuers = [...(env['JWT_ISSUER']?.split(',') ?? []), ...(oidc ? [oidc] : [])];
  const emulator = env['FIRESTORE_EMULATOR_HOST'];
  const clientId = env['CONSOLE_OIDC_CLIENT_ID'];

  const rules: [broken: boolean, name: SettingName, rule: string][] = [
    [
      jwksUrl !== undefined && secrets !== undefined,
      'JWT_JWKS_URL',
      'must not be set together with JWT_SECRETS: exactly one of the two verifies tokens',
    ],
    [
      oidc !== undefined && (secrets ?? jwksUrl) !== undefined,
      'JWT_OIDC_ISSUER',
      'must not be set together with JWT_SECRETS or JWT_JWKS_URL: exactly one of the three verifies tokens',
    ],
    [
      oidc !== undefined && issuers.some((issuer) => issuer !== oidc),
      'JWT_ISSUER',
      'must equal JWT_OIDC_ISSUER or be unset',
    ],
    [
      oidc === undefined && jwksUrl === undefined && issuers.length > 1,
      'JWT_ISSUER',
      'must be one issuer, without a comma, unless JWT_JWKS_URL is set',
    ],
    [
      clientId !== undefined && oidc === undefined,
      'CONSOLE_OIDC_CLIENT_ID',
      'must be set only with JWT_OIDC_ISSUER, which is where users of the console sign in',
    ],
    ...(['CONSOLE_OIDC_SCOPE', 'CONSOLE_OIDC_RESOURCE'] as const).map(
      (name): [boolean, SettingName, string] => [
        env[name] !== undefined && clientId === undefined,
        name,
        'must be set only with CONSOLE_OIDC_CLIENT_ID',
      ],
    ),
    [
      shareSecret(env['GUARD_SECRETS'], env['JWT_SECRETS']),
      'GUARD_SECRETS',
      'must not share a secret with JWT_SECRETS: the operator of a guard could sign tokens',
    ],
    [
      firestore && !env['GOOGLE_CLOUD_PROJECT'],
      'GOOGLE_CLOUD_PROJECT',
      'must be set when KEY_STORE is firestore',
    ],
    [
      env['REDIS_CA'] !== undefined && !env['REDIS_URL']?.startsWith('rediss:'),
      'REDIS_CA',
      'must be set only with a rediss: REDIS_URL',
    ],
    [
      env['REDIS_AUTH'] === 'google-iam' && !env['REDIS_URL']?.startsWith('rediss:'),
      'REDIS_AUTH',
      'must be google-iam only with a rediss: REDIS_URL: an access token must not be sent unencrypted',
    ],
    [
      env['REDIS_AUTH'] === 'google-iam' && hasCredentials(env['REDIS_URL']),
      'REDIS_URL',
      'must not contain a user name or password when REDIS_AUTH is google-iam',
    ],
    [
      env['DEVICE_LOGIN'] === 'on' && env['CONSOLE'] === 'off',
      'DEVICE_LOGIN',
      'must be off when CONSOLE is off: users approve device logins in the console',
    ],
    [
      production && !firestore,
      'KEY_STORE',
      'must be firestore in production: the embedded store is for one machine',
    ],
    [
      production && (secrets ?? jwksUrl ?? oidc) === undefined,
      'JWT_SECRETS',
      'must be set in production, or JWT_JWKS_URL or JWT_OIDC_ISSUER instead',
    ],
    [
      production && jwksUrl?.startsWith('http:') === true,
      'JWT_JWKS_URL',
      'must begin with https: in production',
    ],
    [
      production && oidc?.startsWith('http:') === true,
      'JWT_OIDC_ISSUER',
      'must begin with https: in production',
    ],
    [production && issuers.length === 0, 'JWT_ISSUER', 'must be set in production'],
    [production && env['JWT_AUDIENCE'] === undefined, 'JWT_AUDIENCE', 'must be set in production'],
    [
      production && issuers.some(isPublicIssuer) && !requiresValue(env['JWT_REQUIRED_CLAIMS']),
      'JWT_REQUIRED_CLAIMS',
      'must be set with a NAME=VALUE condition in production, because anyone can get a token of this issuer',
    ],
    [production && env['KEY_PEPPERS'] === undefined, 'KEY_PEPPERS', 'must be set in production'],
    [
      production && env['REDIS_URL']?.startsWith('redis:') === true,
      'REDIS_URL',
      'must begin with rediss: in production',
    ],
    [
      production && env['GITHUB_SECRET_SCANNING_KEYS_URL']?.startsWith('http:') === true,
      'GITHUB_SECRET_SCANNING_KEYS_URL',
      'must begin with https: in production',
    ],
    [
      production && emulator !== undefined && !isLoopback(emulator),
      'FIRESTORE_EMULATOR_HOST',
      'must be a loopback address in production',
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, name, rule]) => ({ name, rule }));
}

/**
 * The claims that the service reads from an issuer's tokens. Each claim is identified by its
 * literal name, or by a JSON Pointer (RFC 6901) if the name begins with `/`.
 */
export interface ClaimSettings {
  /** The claim that identifies the owner of keys. */
  readonly subject: string;
  readonly tier: string;
  readonly scope: string;
  readonly alias: string;
  readonly audience: string;
  /** Maps each tier name that the issuer uses to a tier. */
  readonly tiers: ReadonlyMap<string, Tier>;
  /**
   * The tier of users whose tokens contain no tier. If undefined, tokens without a tier are
   * refused.
   */
  readonly defaultTier: Tier | undefined;
  /** Maps each scope name that the issuer uses to the service's scopes. */
  readonly scopes: ReadonlyMap<string, readonly Scope[]>;
  /** If true, a token without scopes permits no operation. If false, it permits every operation. */
  readonly scopeRequired: boolean;
  readonly required: readonly RequiredClaim[];
}

/** The settings of the sign-in to the console. */
export type ConsoleSignIn = Omit<SignInSettings, 'provider'>;

/** The parsed settings of the service. */
export interface Settings {
  readonly production: boolean;
  readonly host: string;
  /** The port to listen on. If 0, the system chooses a free port. */
  readonly port: number;
  readonly store:
    | { readonly kind: 'sqlite'; readonly path: string }
    | {
        readonly kind: 'firestore';
        readonly project: string;
        readonly database: string;
        readonly emulatorHost: string | undefined;
      };
  readonly googleCloudProject: string | undefined;
  readonly jwt: {
    /**
     * The keys that verify tokens. Undefined only outside production, where the service generates a
     * secret instead.
     */
    readonly keys:
      | { readonly kind: 'secrets'; readonly secrets: readonly string[] }
      | { readonly kind: 'jwks'; readonly url: string }
      /** Keys that are published at the `jwks_uri` of the issuer's OpenID configuration. */
      | { readonly kind: 'oidc'; readonly issuer: string }
      | undefined;
    /** The accepted issuers, compared exactly. If undefined, any issuer is accepted. */
    readonly issuers: readonly string[] | undefined;
    /** The accepted audiences, compared exactly. If undefined, any audience is accepted. */
    readonly audiences: readonly string[] | undefined;
    readonly claims: ClaimSettings;
  };
  /**
   * The peppers. The first one creates the ids of new keys. Undefined only outside production,
   * where the service generates a pepper instead.
   */
  readonly peppers: readonly Pepper[] | undefined;
  readonly redis:
    | {
        readonly url: string;
        /**
         * One or more trusted PEM certificates. If undefined, the system's certificates are
         * trusted.
         */
        readonly ca: string | undefined;
        /**
         * The method by which the service authenticates to Redis: the password in the URL, or
         * access tokens of the service's Google identity.
         */
        readonly auth: 'url' | 'google-iam';
      }
    | undefined;
  readonly trustProxyHops: number;
  readonly ipRateLimitPerMinute: number;
  /**
   * Secrets that identify guards and proxies, which verify keys for many clients. Their `verify`
   * requests are exempt from the rate limit by client address.
   */
  readonly guardSecrets: readonly string[];
  /** Maximum age of a cached verification in seconds. */
  readonly verifyCacheSeconds: number;
  /**
   * Maximum number of days for which a key can be issued or extended. If undefined, there is no
   * maximum.
   */
  readonly maxExpiresInDays: number | undefined;
  readonly corsOrigins: readonly string[];
  /** True if the service serves the console. */
  readonly console: boolean;
  /**
   * The client that the console uses to sign users in at the issuer of the tokens. If undefined,
   * users paste a token.
   */
  readonly consoleSignIn: ConsoleSignIn | undefined;
  /**
   * URL of GitHub's public keys, which verify the signatures of alerts. Undefined if alerts are
   * disabled.
   */
  readonly githubSecretScanningKeysUrl: string | undefined;
  /** True if anyone may report keys that they found. The service revokes the reported keys. */
  readonly keyReports: boolean;
  /** True if programs may request keys by device login, which a user approves in the console. */
  readonly deviceLogin: boolean;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly shutdownGraceSeconds: number;
}

type Values = z.output<typeof variables>;

function signingKeys(values: Values): Settings['jwt']['keys'] {
  const { JWT_SECRETS: secrets, JWT_JWKS_URL: url, JWT_OIDC_ISSUER: issuer } = values;
  if (secrets !== undefined) return { kind: 'secrets', secrets };
  if (url !== undefined) return { kind: 'jwks', url };
  return issuer === undefined ? undefined : { kind: 'oidc', issuer };
}

function claimSettings(values: Values): ClaimSettings {
  return {
    subject: values.JWT_SUBJECT_CLAIM,
    tier: values.JWT_TIER_CLAIM,
    scope: values.JWT_SCOPE_CLAIM,
    alias: values.JWT_ALIAS_CLAIM,
    audience: values.JWT_AUDIENCE_CLAIM,
    tiers: values.JWT_TIERS ?? new Map(),
    defaultTier: values.JWT_DEFAULT_TIER === 'none' ? undefined : values.JWT_DEFAULT_TIER,
    scopes: values.JWT_SCOPES ?? new Map(),
    scopeRequired: values.JWT_SCOPE_REQUIRED === 'on',
    required: values.JWT_REQUIRED_CLAIMS ?? [],
  };
}

function toSettings(values: Values): Settings {
  const production = values.NODE_ENV === 'production';
  const { JWT_OIDC_ISSUER: oidc } = values;
  return {
    production,
    host: values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: values.PORT,
    store:
      values.KEY_STORE === 'sqlite'
        ? { kind: 'sqlite', path: values.SQLITE_PATH }
        : {
            kind: 'firestore',
            project: values.GOOGLE_CLOUD_PROJECT as string,
            database: values.FIRESTORE_DATABASE,
            emulatorHost: values.FIRESTORE_EMULATOR_HOST,
          },
    googleCloudProject: values.GOOGLE_CLOUD_PROJECT,
    jwt: {
      keys: signingKeys(values),
      issuers: oidc === undefined ? values.JWT_ISSUER : [oidc],
      audiences: values.JWT_AUDIENCE,
      claims: claimSettings(values),
    },
    peppers: values.KEY_PEPPERS,
    redis:
      values.REDIS_URL === undefined
        ? undefined
        : { url: values.REDIS_URL, ca: values.REDIS_CA, auth: values.REDIS_AUTH },
    trustProxyHops: values.TRUST_PROXY_HOPS,
    ipRateLimitPerMinute: values.IP_RATE_LIMIT_PER_MINUTE,
    guardSecrets: values.GUARD_SECRETS ?? [],
    verifyCacheSeconds: values.VERIFY_CACHE_SECONDS,
    maxExpiresInDays: values.MAX_EXPIRES_IN_DAYS,
    corsOrigins: values.CORS_ORIGINS,
    console: values.CONSOLE === 'on',
    consoleSignIn:
      oidc === undefined || values.CONSOLE_OIDC_CLIENT_ID === undefined
        ? undefined
        : {
            issuer: oidc,
            clientId: values.CONSOLE_OIDC_CLIENT_ID,
            scope: values.CONSOLE_OIDC_SCOPE,
            resource: values.CONSOLE_OIDC_RESOURCE ?? null,
          },
    githubSecretScanningKeysUrl: values.GITHUB_SECRET_SCANNING_KEYS_URL,
    keyReports: values.KEY_REPORTS === 'on',
    deviceLogin: values.DEVICE_LOGIN === 'on',
    logLevel: values.LOG_LEVEL,
    shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
  };
}

/**
 * Matches a value in quotes. `docker --env-file` keeps quotes as part of the value. With a quoted
 * issuer or secret, the service would reject every token.
 */
const quoted = /^(["'`]).*\1$/s;

/**
 * Parses the service's settings from environment variables (contract, "Process"). Unknown variables
 * are ignored.
 *
 * @param names the variables to read. Other variables count as unset, and their rules are not
 * checked.
 * @returns the settings if all variables are valid, otherwise all problems.
 */
export function parseSettings(
  environment: Environment,
  names: readonly SettingName[] = settingNames,
):
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: SettingProblem[] } {
  const env = Object.fromEntries(
    names.filter((name) => environment[name]).map((name) => [name, environment[name]]),
  );
  const parsed = variables.safeParse(env);
  const problems = [
    ...settingNames
      .filter((name) => quoted.test(env[name] ?? ''))
      .map((name) => ({ name, rule: 'must not be in quotes: they are part of the value' })),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({
      name: path[0] as SettingName,
      rule: message,
    })),
    ...crossRules(env).filter(({ name }) => names.includes(name)),
  ];
  return parsed.success && problems.length === 0
    ? { ok: true, settings: toSettings(parsed.data) }
    : { ok: false, problems };
}
