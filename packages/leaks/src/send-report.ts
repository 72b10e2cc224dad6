import { setTimeout as delay } from 'node:timers/promises';
import { maximumReportedKeys, reportApiKeys } from '@andamio/schema/operations';
import { printable } from '@andamio/schema/printable';
import { transportFailureOf } from './transport-failure.ts';

/**
 * Time limit, in milliseconds, for one request. The service delays its response until a whole
 * number of seconds has passed since it received the request.
 */
const timeout = 30_000;

/** A report that the service did not accept. The message contains no key. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/**
 * Maximum number of times that a batch is sent again after the service's rate limit refused it. The
 * limit counts keys, so a large report takes several minutes.
 */
const maximumRetries = 2;

/** Returns what the user can do about a response with the given status, if that is known. */
function hintOn(status: number): string {
  if (status === 404) return ' The service must have the setting KEY_REPORTS=on.';
  const isRedirect = status >= 300 && status < 400;
  return isRedirect ? ' Redirects are not followed: give the address of the service itself.' : '';
}

async function send(
  target: URL,
  keys: readonly string[],
  onWait: (seconds: number) => void,
  retries = maximumRetries,
): Promise<void> {
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ api_keys: keys }),
    // Following a redirect could send the keys to another host.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
  }).catch((error: unknown) => {
    const reason = transportFailureOf(error);
    throw new ReportError(`The report could not be sent to ${target.origin}: ${reason}.`);
  });
  await response.body?.cancel();
  if (response.status === 202) return;
  const wait = Number(response.headers.get('retry-after'));
  if (response.status === 429 && retries > 0 && wait > 0 && wait <= 60) {
    onWait(wait);
    await delay(wait * 1000);
    return send(target, keys, onWait, retries - 1);
  }
  const code = response.headers.get('x-error-code');
  throw new ReportError(
    `${target.origin} did not accept the report: ${response.status}${code === null ? '' : ` ${printable(code)}`}.${hintOn(response.status)}`,
  );
}

/**
 * Reports keys to the service, which revokes the valid ones. Keys are sent only to this service, in
 * batches of {@link maximumReportedKeys}.
 *
 * @param service the address of the service
 * @param onWait called before each pause that the service's rate limit requires, with the length of
 * the pause in seconds
 * @throws {ReportError} for the first batch that is not accepted. Later batches are not sent. The
 * message says how many keys were reported before.
 */
export async function sendReport(
  service: URL,
  keys: ReadonlySet<string>,
  onWait: (seconds: number) => void,
): Promise<void> {
  const target = new URL(`${service.href.replace(/\/$/, '')}${reportApiKeys.path}`);
  const all = [...keys];
  for (let first = 0; first < all.length; first += maximumReportedKeys) {
    const batch = all.slice(first, first + maximumReportedKeys);
    await send(target, batch, onWait).catch((error: unknown) => {
      if (!(error instanceof ReportError)) throw error;
      throw new ReportError(`${error.message}\n${first} of ${all.length} keys were reported.`);
    });
  }
}
