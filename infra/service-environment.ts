import { randomBytes } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { type Environment, environment, plain, type Variable } from './environment.ts';
import type { RateLimitCounters } from './rate-limit-counters.ts';
import type { SecretReference, SecretSource } from './secrets.ts';
import type { Settings } from './settings/index.ts';

/** The secrets of a stack by name, and where each value comes from. A stack on a JWKS has no JWT secret. */
export function secretSources(settings: Settings): Readonly<Record<string, SecretSource>> {
  const source = (key: string, value: string | undefined, version: number | undefined): SecretSource | undefined => {
    if (version !== undefined) return { kind: 'version', version, key };
    return value === undefined ? undefined : { kind: 'value', value: pulumi.secret(value) };
  };
  const sources = {
    'jwt-secrets': source('jwtSecretsVersion', settings.jwtSecrets, settings.jwtSecretsVersion),
    'key-peppers': source('keyPeppersVersion', settings.keyPeppers, settings.keyPeppersVersion),
  };
  return Object.fromEntries(
    Object.entries(sources).filter((entry): entry is [string, SecretSource] => entry[1] !== undefined),
  );
}

/** Stands in the check for a value that this program does not know: one that the service would accept. */
const unknownValue = {
  jwtSecrets: () => randomBytes(32).toString('base64url'),
  keyPeppers: () => `a:${randomBytes(32).toString('base64')}`,
  redisUrl: 'rediss://:unknown@10.0.0.1:6378',
  certificate: '-----BEGIN CERTIFICATE-----\nunknown\n-----END CERTIFICATE-----\n',
};

/** All that the service reads, from the stack's settings and from what was made for it. */
export function serviceEnvironment(
  settings: Settings,
  secrets: Readonly<Partial<Record<string, SecretReference>>>,
  counters: RateLimitCounters | undefined,
): Environment {
  const secret = (name: string, check: string): Variable | undefined => {
    const reference = secrets[name];
    return reference && { secret: reference, check };
  };
  const { jwtSecrets, jwtSecretsVersion, keyPeppers, keyPeppersVersion } = settings;
  const known = (value: string | undefined, version: number | undefined, otherwise: () => string) =>
    version === undefined && value !== undefined ? value : otherwise();

  return environment({
    NODE_ENV: plain('production'),
    KEY_STORE: plain('firestore'),
    GOOGLE_CLOUD_PROJECT: plain(settings.project),
    FIRESTORE_DATABASE: plain(settings.database),
    JWT_ISSUER: plain(settings.jwtIssuer),
    JWT_AUDIENCE: plain(settings.jwtAudience),
    JWT_JWKS_URL: plain(settings.jwksUrl),
    JWT_SECRETS: secret('jwt-secrets', known(jwtSecrets, jwtSecretsVersion, unknownValue.jwtSecrets)),
    KEY_PEPPERS: secret('key-peppers', known(keyPeppers, keyPeppersVersion, unknownValue.keyPeppers)),
    REDIS_URL: secret('redis-url', unknownValue.redisUrl),
    REDIS_CA: counters && { value: counters.certificate, check: unknownValue.certificate },
    // Cloud Run's front end is the one proxy before the container.
    TRUST_PROXY_HOPS: plain('1'),
    IP_RATE_LIMIT_PER_MINUTE: plain(settings.ipRateLimitPerMinute),
    VERIFY_CACHE_SECONDS: plain(settings.verifyCacheSeconds),
    CORS_ORIGINS: plain(settings.corsOrigins),
    GITHUB_SECRET_SCANNING_KEYS_URL: plain(settings.githubSecretScanningKeysUrl),
    LOG_LEVEL: plain(settings.logLevel),
  });
}
