import { readFileSync } from 'node:fs';
import { type ErrorCode, errorCodeHeader, errorCodes, errorKinds } from '../src/errors.ts';
import { idempotencyKeyHeader } from '../src/idempotency-key.ts';
import { tiers, unlimitedKeys } from '../src/tiers.ts';

/** The remedy for each error code. The type requires an entry for every code. */
const remedies: Record<ErrorCode, string> = {
  invalid_body: 'Send a JSON object in UTF-8 with `Content-Type: application/json`.',
  body_too_large: 'Send at most 16 KiB, also after decompression.',
  missing_field: 'Add the field named in `details`.',
  malformed_request: 'Send the request with an HTTP library.',
  headers_too_large: 'Send fewer or shorter headers, at most 16 KiB in total.',
  unauthenticated:
    'Get a new token and send it as `Authorization: Bearer YOUR_JWT_TOKEN`. Do not retry with the same token.',
  invalid_signature: 'Do not call this endpoint; only GitHub does.',
  invalid_key: 'Send a valid key as `X-API-Key: YOUR_API_KEY`. Do not retry with the same key.',
  unknown_tier: 'Ask the issuer of your token to correct its tier.',
  insufficient_scope:
    'Get a token with the scope `apikey:write` to change keys, or `apikey:read` to read.',
  suspended: 'Contact the operator of the platform. You can still list and delete your keys.',
  not_found: 'Check the path. It is case-sensitive and has no trailing slash.',
  no_such_key:
    'List your keys with `GET /api/v1/user/me`. A key is removed 30 days after its expiry.',
  not_yet_rotatable: 'Retry within 1 day of the expiry of the key, or after it.',
  key_expired: 'Extend the key with `POST /api/v1/apikey/rotate` first, or delete it.',
  method_not_allowed: 'Use a method listed in the `Allow` header.',
  invalid_field: 'Fix the field named in `details`; retrying unchanged will fail again.',
  expiry_too_late: 'Request fewer days.',
  name_taken: 'Choose a name that you do not use for another key.',
  idempotency_key_reused: 'Choose a new `Idempotency-Key` for each request that is not a retry.',
  idempotency_key_outdated:
    'Send a new request with a new `Idempotency-Key`; the key in the lost response is no longer valid.',
  rate_limited: 'Retry after the number of seconds in `Retry-After`.',
  quota_exceeded:
    'Retry after the number of seconds in `Retry-After`, when the UTC day or month ends, or get a higher tier.',
  key_limit_reached: 'Delete a key or get a higher tier. Waiting does not help.',
  internal: 'Retry later. If the error persists, report the `X-Request-Id`.',
  store_unavailable: 'Retry later with exponential backoff. Nothing was written.',
  outcome_unknown:
    'Retry with the same `Idempotency-Key`. If you sent none, retry with another name: the key may exist although you did not receive it.',
  signing_keys_unavailable: 'Retry later. The token was not verified.',
  verification_unavailable:
    'The key could not be verified. Retry later and reject the request meanwhile.',
  not_ready: 'Retry later.',
};

const number = (value: number) => value.toLocaleString('en-US');

function errorsTable(): string {
  const rows = errorCodes.map(
    (code) => `| \`${code}\` | ${errorKinds[code].status} | ${remedies[code]} |`,
  );
  return [`| \`${errorCodeHeader}\` | status | what to do |`, '| --- | --- | --- |', ...rows].join(
    '\n',
  );
}

function tiersTable(): string {
  const rows = Object.entries(tiers).map(([name, tier]) => {
    const keys =
      tier.maximumKeys === unlimitedKeys
        ? `unlimited (${number(unlimitedKeys)} at once)`
        : tier.maximumKeys;
    const counts = [tier.requestsPerMinute, tier.requestsPerDay, tier.requestsPerMonth].map(number);
    return `| ${name} | ${counts.join(' | ')} | ${keys} |`;
  });
  return [
    '| tier | per minute | per day | per month | keys |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const changelog = () =>
  readFileSync(new URL('../CHANGELOG-API.md', import.meta.url), 'utf8').replace(/^# .*\n+/, '');

/**
 * Returns the introduction to the reference in Markdown. Covers authentication, errors, limits, key
 * safety and the changelog.
 */
export function guide(): string {
  return `Issues API keys to the users of the platform and lets them list, extend, roll and delete their keys.

To get a key, call \`POST /api/v1/apikey/request\` with your token in the header \`Authorization: Bearer YOUR_JWT_TOKEN\`. The response contains the key and is the only time it is shown.
Send the key in the header \`X-API-Key\` of your calls to the platform.

## Errors

Every error body has three members: \`statusCode\`, \`message\`, and \`details\`, which explains the error. Programs should use the header \`${errorCodeHeader}\`. It contains one of these codes:

${errorsTable()}

## Safe retries

Send \`${idempotencyKeyHeader}\` (1 to 128 visible ASCII characters, such as a UUID) with \`request\`, \`rotate\` and \`roll\`. If you lose the response, repeat the request within 24 hours: you get the same response with the same key, and the operation is not performed twice.

## Limits

Each tier has a limit of requests per minute for each user. \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\` (Unix seconds) show the current state. A rate-limited response has a \`Retry-After\` header (seconds).

${tiersTable()}

Daily and monthly quotas count the requests with a valid key, over all keys of a user. Days and months are UTC. A request beyond the quota is rejected and not counted; its \`Retry-After\` is the time until the end of the day or month. \`GET /api/v1/user/usage\` shows consumed and remaining requests.

## Verify a key

A service that receives a key calls \`GET /api/v1/apikey/verify\` with the same header. Status 200 returns the owner of the key; 401 means that the key is not valid. Cache a 200 for at most the time in its \`Cache-Control\`, so that a deleted key is rejected everywhere within 10 seconds.

## Keep a key safe

- The key is shown once and not stored by the service. Keep it in a secret manager, never in code, a repository or a web page.
- Give each program its own key with a descriptive name, so that you can replace one without affecting the others.
- Send the key over HTTPS and in the header, never in a URL.
- Extend a key within 1 day of its expiry, or up to 30 days after it, with \`POST /api/v1/apikey/rotate\`. The key itself stays the same. To replace its secret, use \`POST /api/v1/apikey/roll\`. The previous secret stays valid for a day by default and up to a week, while you update your programs.
- A key is \`ant-\` followed by 40 characters, the last six of which are a checksum. To find leaked keys, search for \`ant-[0-9A-Za-z]{40}\`.

## Changelog

${changelog()}`;
}
