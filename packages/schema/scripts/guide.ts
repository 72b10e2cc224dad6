import { readFileSync } from 'node:fs';
import { type ErrorCode, errorCodeHeader, errorCodes, errorKinds } from '../src/errors.ts';
import { idempotencyKeyHeader } from '../src/idempotency-key.ts';
import { tiers, unlimitedKeys } from '../src/tiers.ts';

/** What a client does about each error; the compiler asks for a row when the service gets a code. */
const remedies: Record<ErrorCode, string> = {
  invalid_body: 'Send a JSON object in UTF-8 with `Content-Type: application/json`.',
  body_too_large: 'Send at most 16 KiB.',
  missing_field: 'Add the field that `details` names.',
  malformed_request: 'Let an HTTP library write the request.',
  headers_too_large: 'Send fewer or shorter headers, at most 16 KiB together.',
  unauthenticated:
    'Get a fresh token and send it as `Authorization: Bearer YOUR_JWT_TOKEN`. Do not repeat with the same one.',
  invalid_signature: 'Nothing: only what GitHub sends has to be signed.',
  invalid_key:
    'Send a key that has neither expired nor been deleted as `X-API-Key: YOUR_API_KEY`; do not repeat with the same one.',
  unknown_tier: 'Ask whoever issues your token which tier it names.',
  insufficient_scope: 'Get a token whose scope names `apikey:write` to change keys, `apikey:read` to read.',
  suspended: 'Ask whoever runs the platform why. You can still list and delete your keys.',
  not_found: 'Check the path: it is case-sensitive and has no slash at its end.',
  no_such_key: 'Look the names of your keys up with `GET /api/v1/user/me`. A key is gone 30 days after its expiry.',
  not_yet_rotatable: 'Ask again within a day of its expiry, or after it.',
  key_expired: 'Extend it with `POST /api/v1/apikey/rotate` first, or delete it.',
  method_not_allowed: 'Use a method that the header `Allow` lists.',
  invalid_field: 'Mend the field that `details` names; the same request will fail again.',
  expiry_too_late: 'Ask for fewer days.',
  name_taken: 'Choose a name that none of your keys has.',
  idempotency_key_reused: 'Choose a new `Idempotency-Key` for each request that is not a repetition.',
  idempotency_key_outdated: 'The answer that you lost is worthless by now: ask anew, with a new `Idempotency-Key`.',
  rate_limited: 'Wait as many seconds as `Retry-After` says, then repeat.',
  quota_exceeded:
    'Wait until the UTC day or month is over, as many seconds as `Retry-After` says, or get a higher tier.',
  key_limit_reached: 'Delete a key or get a higher tier. Waiting does not help.',
  internal: 'Repeat later; if it stays, report the `X-Request-Id`.',
  store_unavailable: 'Nothing was written: repeat later, with growing pauses.',
  outcome_unknown:
    'The key may exist, though you did not get it. Repeat the request with the same `Idempotency-Key`; if you sent none, repeat under another name.',
  signing_keys_unavailable: 'The token was not judged: repeat later.',
  verification_unavailable: 'The key was not judged: repeat later, and let nobody in meanwhile.',
  not_ready: 'Repeat later.',
};

const number = (value: number) => value.toLocaleString('en-US');

function errorsTable(): string {
  const rows = errorCodes.map((code) => `| \`${code}\` | ${errorKinds[code].status} | ${remedies[code]} |`);
  return [`| \`${errorCodeHeader}\` | status | what to do |`, '| --- | --- | --- |', ...rows].join('\n');
}

function tiersTable(): string {
  const rows = Object.entries(tiers).map(([name, tier]) => {
    const keys = tier.maximumKeys === unlimitedKeys ? `unlimited (${number(unlimitedKeys)} at once)` : tier.maximumKeys;
    const counts = [tier.requestsPerMinute, tier.requestsPerDay, tier.requestsPerMonth].map(number);
    return `| ${name} | ${counts.join(' | ')} | ${keys} |`;
  });
  return ['| tier | a minute | a day | a month | keys |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

const changelog = () => readFileSync(new URL('../CHANGELOG-API.md', import.meta.url), 'utf8').replace(/^# .*\n+/, '');

/** What stands before the operations in the reference: how to begin, errors, limits, keeping and replacing keys, changes. */
export function guide(): string {
  return `Issues API keys to the users of the platform, and lets them list, extend and delete their own.

Send the token that you signed in with as \`Authorization: Bearer YOUR_JWT_TOKEN\`; the answer holds your key, this once.
From then on the key goes into the header \`X-API-Key\` of your calls to the platform.

## Errors

Every error has the same three members: \`statusCode\`, \`message\`, and \`details\`, which says what is wrong and where. Programs look at the header \`${errorCodeHeader}\`, whose words are these and no others.

${errorsTable()}

## Repeat without fear

Send \`${idempotencyKeyHeader}\` (1 to 128 visible ASCII characters, a UUID say) with \`request\`, \`rotate\` and \`roll\`. If the answer is lost, send the same request again within 24 hours: it gets the same answer, the same key included, and nothing is done twice.

## Limits

Requests are counted for each user and tier. \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\` (Unix seconds) tell where you stand; what is refused for its rate carries \`Retry-After\` (seconds).

${tiersTable()}

Quotas of a day and a month count the requests in which a key was found good, over all of a user's keys together; days and months are UTC. A request that no quota is left for is refused and does not count; its \`Retry-After\` reaches to the end of the day or month. \`GET /api/v1/user/usage\` shows what is used and left.

## Check a key

A service that is called with a key asks \`GET /api/v1/apikey/verify\` with the same header: 200 says whose key it is, 401 that it is none. Keep a good answer as many seconds as its \`Cache-Control\` says and no longer: then a deleted key is refused everywhere within 10 seconds.

## Keep a key safe

- The key is shown once and stored nowhere: put it into a secret manager at once, never into code, a repository or a page.
- Give each program a key of its own, under a name that says which, so that one can be replaced without the others.
- Send it over HTTPS, in the header, never in an address.
- Extend a key within a day of its expiry, or up to 30 days after it, with \`POST /api/v1/apikey/rotate\`: the key stays the same. For another secret use \`POST /api/v1/apikey/roll\`: the one before stays valid for a day, or as long as you say up to a week, while your programs change over.
- A key is \`ant-\` and 40 characters of which the last six are a checksum: scanners find a leaked one by \`ant-[0-9A-Za-z]{40}\`.

## Changes of this API

${changelog()}`;
}
