import { parseSettings as parseServiceSettings, type SettingName } from '@andamio/schema/settings';

/** The source of an environment variable's value. */
type Source =
  /** A stack setting whose value is passed to the service unchanged. */
  | { readonly key: string }
  /** A secret in Secret Manager. A stack setting specifies its version number. */
  | { readonly secret: string; readonly versionKey: string }
  /** A value that the program sets: a constant, or an attribute of a created resource. */
  | { readonly from: 'program' }
  /** No source. The variable is not set on Cloud Run, for the given reason. */
  | { readonly unset: string };

const program = { from: 'program' } as const;

/**
 * The source of each variable that the service reads. A variable without a source causes a compile
 * error.
 */
export const variables = {
  NODE_ENV: program,
  HOST: { unset: 'the service listens on all addresses in production' },
  PORT: { unset: 'Cloud Run sets it' },
  KEY_STORE: program,
  SQLITE_PATH: { unset: 'the store is Firestore' },
  GOOGLE_CLOUD_PROJECT: program,
  FIRESTORE_DATABASE: program,
  FIRESTORE_EMULATOR_HOST: { unset: 'the store is Firestore itself' },
  JWT_SECRETS: { secret: 'jwt-secrets', versionKey: 'jwtSecretsVersion' },
  JWT_JWKS_URL: { key: 'jwksUrl' },
  JWT_OIDC_ISSUER: { key: 'jwtOidcIssuer' },
  JWT_ISSUER: { key: 'jwtIssuer' },
  JWT_AUDIENCE: { key: 'jwtAudience' },
  JWT_SUBJECT_CLAIM: { key: 'jwtSubjectClaim' },
  JWT_TIER_CLAIM: { key: 'jwtTierClaim' },
  JWT_SCOPE_CLAIM: { key: 'jwtScopeClaim' },
  JWT_ALIAS_CLAIM: { key: 'jwtAliasClaim' },
  JWT_AUDIENCE_CLAIM: { key: 'jwtAudienceClaim' },
  JWT_TIERS: { key: 'jwtTiers' },
  JWT_DEFAULT_TIER: { key: 'jwtDefaultTier' },
  JWT_SCOPES: { key: 'jwtScopes' },
  JWT_SCOPE_REQUIRED: { key: 'jwtScopeRequired' },
  JWT_REQUIRED_CLAIMS: { key: 'jwtRequiredClaims' },
  KEY_PEPPERS: { secret: 'key-peppers', versionKey: 'keyPeppersVersion' },
  REDIS_URL: program,
  REDIS_CA: program,
  REDIS_AUTH: program,
  TRUST_PROXY_HOPS: program,
  IP_RATE_LIMIT_PER_MINUTE: { key: 'ipRateLimitPerMinute' },
  GUARD_SECRETS: { secret: 'guard-secrets', versionKey: 'guardSecretsVersion' },
  VERIFY_CACHE_SECONDS: { key: 'verifyCacheSeconds' },
  MAX_EXPIRES_IN_DAYS: { key: 'maxExpiresInDays' },
  CORS_ORIGINS: { key: 'corsOrigins' },
  CONSOLE: { key: 'console' },
  CONSOLE_OIDC_CLIENT_ID: { key: 'consoleOidcClientId' },
  CONSOLE_OIDC_SCOPE: { key: 'consoleOidcScope' },
  CONSOLE_OIDC_RESOURCE: { key: 'consoleOidcResource' },
  GITHUB_SECRET_SCANNING_KEYS_URL: { key: 'githubSecretScanningKeysUrl' },
  KEY_REPORTS: { key: 'keyReports' },
  DEVICE_LOGIN: { key: 'deviceLogin' },
  LOG_LEVEL: { key: 'logLevel' },
  SHUTDOWN_GRACE_SECONDS: { unset: 'the default is within the 10 seconds that Cloud Run gives' },
} as const satisfies Record<SettingName, Source>;

type Variables = typeof variables;

/** Keys of the stack settings that are passed to the service. */
export type PassedKey = Extract<Variables[SettingName], { key: string }>['key'];

/** Keys of the stack settings that specify the version of a secret. */
export type VersionKey = Extract<Variables[SettingName], { versionKey: string }>['versionKey'];

/** Variables whose value the program sets. */
export type ProgramVariable = {
  [Name in SettingName]: Variables[Name] extends { from: 'program' } ? Name : never;
}[SettingName];

/**
 * A secret of the service: its name, the variable that contains its value, and the stack setting
 * that specifies its version.
 */
export interface ServiceSecret {
  readonly variable: SettingName;
  readonly name: string;
  readonly versionKey: VersionKey;
}

const rows = Object.entries(variables) as [SettingName, Source][];

/** Variables whose value is a stack setting, with the key of that setting. */
export const passedVariables = rows.flatMap(([variable, source]) =>
  'key' in source ? [{ variable, key: source.key as PassedKey }] : [],
);

/** All secrets that a service can have. Some are optional. */
export const serviceSecrets: readonly ServiceSecret[] = rows.flatMap(([variable, source]) =>
  'secret' in source
    ? [{ variable, name: source.secret, versionKey: source.versionKey as VersionKey }]
    : [],
);

/** Returns a secret's id in Secret Manager. */
export function secretIdOf(service: string, name: string): string {
  return `${service}-${name}`;
}

/**
 * Returns the key of the stack setting that determines a variable, or undefined if there is none.
 */
function keyOf(variable: SettingName): string | undefined {
  const source: Source = variables[variable];
  if ('key' in source) return source.key;
  return 'versionKey' in source ? source.versionKey : undefined;
}

/**
 * Valid placeholder values, for validation of settings while the real values are secret or not yet
 * known.
 */
const placeholders: Partial<Record<SettingName, string>> = {
  NODE_ENV: 'production',
  KEY_STORE: 'firestore',
  GOOGLE_CLOUD_PROJECT: 'placeholder',
  JWT_SECRETS: 'placeholder-'.repeat(4),
  KEY_PEPPERS: `placeholder:${Buffer.alloc(32).toString('base64')}`,
  GUARD_SECRETS: 'another-placeholder-'.repeat(2),
};

/**
 * Validates the settings that are passed to the service, using the service's own schema.
 *
 * @param raw the stack's settings by key, without the project's prefix
 * @returns the problems by stack setting, without values
 */
export function serviceProblems(
  raw: Readonly<Record<string, string>>,
): { readonly key: string; readonly rule: string }[] {
  const environment = rows.map(([variable, source]) => {
    if ('key' in source) return [variable, raw[source.key]];
    if ('versionKey' in source) return [variable, raw[source.versionKey] && placeholders[variable]];
    return [variable, placeholders[variable]];
  });
  const parsed = parseServiceSettings(Object.fromEntries(environment));
  if (parsed.ok) return [];
  return parsed.problems.map(({ name, rule }) => ({
    key: keyOf(name) ?? name,
    // A rule that involves several variables mentions their names. They are replaced with the keys
    // of the stack settings.
    rule: rule.replace(
      /[A-Z]+(_[A-Z]+)+/g,
      (word) => (word in variables && keyOf(word as SettingName)) || word,
    ),
  }));
}
