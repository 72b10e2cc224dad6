import type { SettingName } from '../src/settings/index.ts';

/** What each setting is for, in words; the compiler asks for a row when the schema gets a variable. */
const meanings: Record<SettingName, readonly [meaning: string, byDefault: string]> = {
  NODE_ENV: [
    '`production` refuses the embedded store, generated secrets, an `http:` JWKS, and tokens without issuer and audience',
    '`development`',
  ],
  HOST: ['address to listen on', '`127.0.0.1`, in production `0.0.0.0`'],
  PORT: ['port to listen on; 0 takes any free one', '`8080`'],
  KEY_STORE: ['`sqlite` (embedded, one machine) or `firestore`', '`sqlite`'],
  SQLITE_PATH: ['file of the embedded store, or `:memory:`', '`.data/keys.db`'],
  GOOGLE_CLOUD_PROJECT: ['project of the database, and of the traces that log lines belong to', 'none'],
  FIRESTORE_DATABASE: ['id of the database', '`(default)`'],
  FIRESTORE_EMULATOR_HOST: ["`host:port` of Firestore's emulator; in production a loopback address only", 'none'],
  JWT_SECRETS: [
    'HS256 secrets, comma-separated, at least 32 bytes each; any of them verifies, so that they can be rotated',
    'made once in development',
  ],
  JWT_JWKS_URL: ['where the public keys for RS256 and ES256 are; instead of `JWT_SECRETS`', 'none'],
  JWT_ISSUER: ['`iss` that a token must have; required in production', 'not compared'],
  JWT_AUDIENCE: ['`aud` that a token must have; required in production', 'not compared'],
  KEY_PEPPERS: [
    '`VERSION:BASE64` pairs, comma-separated, at least 32 bytes each; the first makes new keys, all verify',
    'made once in development',
  ],
  REDIS_URL: ['where rate limits are counted for all instances together; in production `rediss:`', 'counted in memory'],
  REDIS_CA: ["PEM of the CA certificates that sign Redis's certificate, one after another", "the system's"],
  REDIS_AUTH: [
    "`url` authenticates to Redis with the password in `REDIS_URL`, `google-iam` with access tokens of the service's Google identity",
    '`url`',
  ],
  TRUST_PROXY_HOPS: ['proxies in front, so many entries of `X-Forwarded-For` are believed (Cloud Run: 1)', '`0`'],
  IP_RATE_LIMIT_PER_MINUTE: ['requests a minute of one address whose credentials did not turn out good', '`600`'],
  GUARD_SECRETS: [
    'secrets of guards and proxies, comma-separated, at least 32 bytes each; a request of `verify` that sends one in `X-Guard-Secret` is not limited by address',
    'none',
  ],
  VERIFY_CACHE_SECONDS: [
    'how old an answer about a key may be: a deleted key is refused everywhere within so many seconds, 1 to 10',
    '`10`',
  ],
  CORS_ORIGINS: ['exact origins of pages that may call the service, comma-separated', 'none'],
  GITHUB_SECRET_SCANNING_KEYS_URL: [
    'where GitHub publishes the keys that sign its alerts of leaked API keys; turns `POST /api/v1/github/secret-scanning` on',
    'none',
  ],
  LOG_LEVEL: ['`fatal`, `error`, `warn`, `info`, `debug` or `trace`', '`info`'],
  SHUTDOWN_GRACE_SECONDS: ['time to finish after SIGTERM; Cloud Run kills after 10 s', '`8`'],
};

/** The table of settings as it stands in the README. */
export function settingsTable(): string {
  const rows = Object.entries(meanings).map(
    ([name, [meaning, byDefault]]) => `| \`${name}\` | ${meaning} | ${byDefault} |`,
  );
  return ['| variable | meaning | default |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Puts the table between its two markers in the README's text. */
export function withSettingsTable(readme: string): string {
  const between = /(?<=<!-- settings: generated -->)[\s\S]*(?=<!-- \/settings -->)/;
  return readme.replace(between, () => `\n\n${settingsTable()}\n\n`);
}
