import { readFileSync } from 'node:fs';
import { errorCodeHeader, errorCodes, errorKinds } from '../src/errors.ts';
import { idempotencyKeyHeader } from '../src/idempotency-key.ts';
import { requestIdHeader } from '../src/request-id.ts';
import { changelogFile } from './added-operations.ts';
import { tiersTable } from './tiers-table.ts';

function errorsTable(): string {
  const rows = errorCodes.map(
    (code) => `| \`${code}\` | ${errorKinds[code].status} | ${errorKinds[code].remedy} |`,
  );
  return [`| \`${errorCodeHeader}\` | status | what to do |`, '| --- | --- | --- |', ...rows].join(
    '\n',
  );
}

const changelog = () =>
  readFileSync(changelogFile, 'utf8')
    .replace(/^# .*\n+/, '')
    .replaceAll(/<!-- .* -->\n+/g, '');

/**
 * Returns the introduction to the reference in Markdown. Covers authentication, verification, key
 * safety, retries, errors, limits and the changelog.
 */
export function guide(): string {
  return `Issues API keys to the users of the platform and lets them list, extend, roll and delete their keys.

To get a key, call \`POST /api/v1/apikey/request\` with your token in the header \`Authorization: Bearer YOUR_JWT_TOKEN\`. The response contains the key and is the only time it is shown.
Send the key in the header \`X-API-Key\` of your calls to the platform.

## Verify a key

A service that receives a key calls \`GET /api/v1/apikey/verify\` with the same header. Status 200 returns the owner of the key; 401 means that the key is not valid. Cache a 200 for at most the time in its \`Cache-Control\`, so that a deleted key is rejected everywhere within 10 seconds.

A proxy such as nginx, Caddy or Envoy can verify the key of each request with a sub-request, and forward the headers \`X-API-Key-User\`, \`X-API-Key-Name\`, \`X-API-Key-Tier\` and \`X-API-Key-Expires-At\` of the 200 to the application. Their values are percent-encoded. The proxy must remove headers with these names from the client's request.

## Keep a key safe

- The key is shown once and not stored by the service. Keep it in a secret manager, never in code, a repository or a web page.
- List your keys with \`GET /api/v1/apikey/list\` before you delete one: \`last_used_at\` tells whether a key, or the previous secret of a rolled key, is still used.
- Give each program its own key with a descriptive name, so that you can replace one without affecting the others.
- Send the key over HTTPS and in the header, never in a URL.
- Extend a key within 1 day of its expiry, or up to 30 days after it, with \`POST /api/v1/apikey/rotate\`. The key itself stays the same. To replace its secret, use \`POST /api/v1/apikey/roll\`. The previous secret stays valid for a day by default and up to a week, while you update your programs.
- A key is \`ant-\` followed by 40 characters, the last six of which are a checksum. To find leaked keys, search for \`ant-[0-9A-Za-z]{40}\`.
- A program on a machine without a browser can get a key that its user approves on a page, with \`POST /api/v1/apikey/device\`, if the operator enabled it.
- To revoke keys that you found in public, even if they are not yours, send them to \`POST /api/v1/apikey/report\` if the operator enabled it.

## Safe retries

Send \`${idempotencyKeyHeader}\` (1 to 128 visible ASCII characters, such as a UUID) with \`request\`, \`rotate\` and \`roll\`. If you lose the response, repeat the request within 24 hours: you get the same response with the same key, and the operation is not performed twice.

## Errors

Every error body has three members: \`statusCode\`, \`message\`, and \`details\`, which explains the error. The errors of \`POST /api/v1/apikey/device/token\` also have \`error\`, with the value of RFC 6749 or RFC 8628, unless the service failed. Programs should use the header \`${errorCodeHeader}\`. It contains one of these codes:

${errorsTable()}

Every response has the header \`${requestIdHeader}\`, except responses to \`CONNECT\`, to requests whose headers are too large (431), and to requests that are not well-formed HTTP. Name it when you ask the operator about a response. You can send your own id in the same header: 1 to 64 letters, digits and \`._-\`.

## Limits

Each tier has a limit of requests per minute for each user. \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\` (Unix seconds) show the current state. A rate-limited response has a \`Retry-After\` header (seconds).

${tiersTable()}

Daily and monthly quotas count the requests with a valid key, over all keys of a user. Days and months are UTC. A request beyond the quota is rejected and not counted; its \`Retry-After\` is the time until the end of the day or month. \`GET /api/v1/user/usage\` shows consumed and remaining requests.

## Calls from web pages

A browser sends a request of a web page to another origin only if the service allows it (CORS). The operator of the service lists the origins of such pages in \`CORS_ORIGINS\`. A page of an origin that is not listed gets no response, and the browser's console names CORS. Never put a key into a web page: its visitors can read it.

## Changelog

${changelog()}`;
}
