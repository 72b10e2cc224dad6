import type { SettingName } from '../src/settings/index.ts';

/** The meaning and default of each setting. The type requires an entry for every setting. */
const meanings: Record<SettingName, readonly [meaning: string, byDefault: string]> = {
  NODE_ENV: [
    '`production` rejects the embedded store, generated secrets, an `http:` JWKS, and tokens without issuer and audience',
    '`development`',
  ],
  HOST: ['address to listen on', '`127.0.0.1`, in production `0.0.0.0`'],
  PORT: ['port to listen on; 0 selects any free port', '`8080`'],
  KEY_STORE: ['`sqlite` (embedded, one machine) or `firestore`', '`sqlite`'],
  SQLITE_PATH: ['file of the embedded store, or `:memory:`', '`.data/keys.db`'],
  GOOGLE_CLOUD_PROJECT: [
    'project of the database and of the traces that log lines refer to',
    'none',
  ],
  FIRESTORE_DATABASE: ['id of the database', '`(default)`'],
  FIRESTORE_EMULATOR_HOST: [
    "`host:port` of Firestore's emulator; in production only a loopback address",
    'none',
  ],
  JWT_SECRETS: [
    'HS256 secrets, comma-separated, at least 32 bytes each; any of them verifies a token, so that they can be rotated',
    'generated once in development',
  ],
  JWT_JWKS_URL: [
    'URL of the public keys for RS256, ES256 and EdDSA (Ed25519); replaces `JWT_SECRETS`',
    'none',
  ],
  JWT_OIDC_ISSUER: [
    'issuer whose keys are found by OpenID discovery, exactly as in the `iss` of its tokens; replaces `JWT_SECRETS`, `JWT_JWKS_URL` and `JWT_ISSUER`',
    'none',
  ],
  JWT_ISSUER: [
    'required `iss` of a token, beside `JWT_JWKS_URL` one of a comma-separated list; mandatory in production',
    'not compared',
  ],
  JWT_AUDIENCE: [
    'required audience of a token, one of a comma-separated list; mandatory in production',
    'not compared',
  ],
  JWT_SUBJECT_CLAIM: [
    'claim that identifies the owner of keys: its name, or a JSON Pointer if it begins with `/`, as for the next four',
    '`sub`',
  ],
  JWT_TIER_CLAIM: [
    'claim with the tier, or a list of which the highest known tier counts',
    '`tier`',
  ],
  JWT_SCOPE_CLAIM: ['claim with the scopes, separated by spaces or in a list', '`scope`'],
  JWT_ALIAS_CLAIM: ['claim with the display name', '`alias`'],
  JWT_AUDIENCE_CLAIM: ['claim that is compared with `JWT_AUDIENCE`', '`aud`'],
  JWT_TIERS: ["the issuer's names of tiers: `NAME=TIER` pairs, comma-separated", 'none'],
  JWT_DEFAULT_TIER: ['tier of a token without one; `none` rejects it with 403', '`pioneer`'],
  JWT_SCOPES: [
    "the issuer's names of scopes: `NAME=apikey:write` or `NAME=apikey:read` pairs, comma-separated",
    'none',
  ],
  JWT_SCOPE_REQUIRED: ['`on`: a token without scopes may do nothing', '`off`: everything'],
  JWT_REQUIRED_CLAIMS: [
    'conditions on other claims, comma-separated: `NAME=VALUE`, `NAME=VALUE\\|VALUE` or `NAME!=VALUE`; mandatory in production for an issuer whose tokens anyone can get',
    'none',
  ],
  KEY_PEPPERS: [
    '`VERSION:BASE64` pairs, comma-separated, at least 32 bytes each, no secret twice; the first is used for new keys, all verify',
    'generated once in development',
  ],
  REDIS_URL: [
    'Redis for rate limits and usage that all instances count together; in production `rediss:`. Percent-encode its user name and password',
    'counted in memory',
  ],
  REDIS_CA: [
    "PEM of the CA certificates that sign Redis's certificate, concatenated",
    "the system's",
  ],
  REDIS_AUTH: [
    "`url` authenticates to Redis with the password in `REDIS_URL`, `google-iam` with access tokens of the service's Google identity",
    '`url`',
  ],
  TRUST_PROXY_HOPS: [
    'number of proxies in front, and so of trusted `X-Forwarded-For` entries (Cloud Run: 1)',
    '`0`',
  ],
  IP_RATE_LIMIT_PER_MINUTE: [
    'requests per minute from one address without valid credentials',
    '`600`',
  ],
  GUARD_SECRETS: [
    'secrets of guards and proxies, comma-separated, at least 32 bytes each; `verify` requests with one of them in `X-Guard-Secret` are not limited by address',
    'none',
  ],
  VERIFY_CACHE_SECONDS: [
    'largest age of a cached verification, 1 to 10 seconds; a deleted key is rejected everywhere within it',
    '`10`',
  ],
  MAX_EXPIRES_IN_DAYS: [
    'largest `expires_in_days` of requesting and rotating a key, up to 36,500. If it is below 365, clients must send `expires_in_days`, because the default is 365. It also limits device logins, whose default is 30',
    'none',
  ],
  CORS_ORIGINS: ['exact origins of web pages that may call the service, comma-separated', 'none'],
  CONSOLE: [
    '`on` serves the page `/console`, with which users manage their keys; `off` answers 404',
    '`on`',
  ],
  CONSOLE_OIDC_CLIENT_ID: [
    'id of the public client with which users of the console sign in at `JWT_OIDC_ISSUER`; if unset, they paste a token',
    'none',
  ],
  CONSOLE_OIDC_SCOPE: [
    'scopes that the sign-in requests, separated by spaces: `openid` and what the issuer needs for a token with `apikey:read` and `apikey:write`; with `offline_access`, most issuers let the console renew the token',
    '`openid`',
  ],
  CONSOLE_OIDC_RESOURCE: [
    'API that the sign-in requests a token for, at issuers that need its name (Auth0: the API identifier)',
    'none',
  ],
  GITHUB_SECRET_SCANNING_KEYS_URL: [
    "URL of the keys that sign GitHub's alerts about leaked API keys; enables `POST /api/v1/github/secret-scanning`",
    'none',
  ],
  KEY_REPORTS: [
    '`on`: anyone may report found keys with `POST /api/v1/apikey/report`, which revokes them',
    '`off`',
  ],
  DEVICE_LOGIN: [
    '`on`: programs without a browser may ask for a key with `POST /api/v1/apikey/device`, which a user approves at `/console/device`; needs `CONSOLE=on`',
    '`off`',
  ],
  LOG_LEVEL: ['`fatal`, `error`, `warn`, `info`, `debug` or `trace`', '`info`'],
  SHUTDOWN_GRACE_SECONDS: [
    'seconds to finish requests after SIGTERM; Cloud Run kills after 10 s',
    '`8`',
  ],
};

/** Returns the Markdown table of settings for docs/settings.md. */
export function settingsTable(): string {
  const rows = Object.entries(meanings).map(
    ([name, [meaning, byDefault]]) => `| \`${name}\` | ${meaning} | ${byDefault} |`,
  );
  return ['| variable | meaning | default |', '| --- | --- | --- |', ...rows].join('\n');
}
