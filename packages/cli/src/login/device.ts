import { setTimeout as delay } from 'node:timers/promises';
import {
  ApiError,
  type ApiErrorCode,
  type RedeemedDeviceLogin,
  type StartedDeviceLogin,
} from '@andamio/client';
import { deviceKeyPrefix } from '@andamio/schema/device-key-prefix';
import { printable } from '@andamio/schema/printable';
import { announcePause } from '../announce-pause.ts';
import type { Context, Report } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { type Failure, failureOf } from '../failure.ts';
import { clientOf, findAndDelete, issued, type Sending } from '../service.ts';
import { logins } from '../stored-key/logins.ts';
import { keepPrevious } from './previous-login.ts';
import { type LoginKey, reportLogin } from './report-login.ts';

/** Seconds between polls if the service states no interval (RFC 8628 section 3.2). */
const defaultInterval = 5;
/**
 * Seconds by which `slow_down` increases the interval for all later polls (RFC 8628 section 3.5).
 */
const slowDownSeconds = 5;
/**
 * Factor by which this program lengthens the interval between polls, because the clock of a virtual
 * machine may run fast.
 */
const margin = 1.2;
/**
 * Number of seconds for which this program keeps polling after the code has expired, unless the
 * service reports the expiry first. The service returns an approved key for up to 60 seconds after
 * the expiry.
 */
const patienceSeconds = 120;
/** Maximum time, in seconds, for which this program waits for the user's decision. */
const longestLifetime = 86_400;
/** Maximum interval between polls, in seconds, while the service does not respond. */
const longestBackoff = 20;

/** Thrown if the service has no device login. */
export class NoDeviceLoginError extends CliError {
  constructor() {
    super(exitCodes.credentials, 'This service has no login for machines without a browser.');
  }
}

async function start({ client }: Context, { name, days }: LoginKey): Promise<StartedDeviceLogin> {
  try {
    return await client.startDeviceLogin({ api_key_name: name, expires_in_days: days });
  } catch (error) {
    const isMissing = error instanceof ApiError && [404, 405].includes(error.status ?? 0);
    throw isMissing ? new NoDeviceLoginError() : error;
  }
}

/**
 * Returns the address that the user must open.
 *
 * @throws {@link CliError} if the address is not on the configured service.
 */
function addressOf({ verification_uri }: StartedDeviceLogin, url: string): string {
  const isOwn =
    URL.canParse(verification_uri) && new URL(verification_uri).origin === new URL(url).origin;
  if (isOwn) return verification_uri;
  throw new CliError(
    exitCodes.unavailable,
    'The service names an address on another host for the login, so the login was stopped. Check the URL of the service.',
  );
}

const expired: Failure = { exitCode: exitCodes.refused, message: 'The code has expired.' };

/** Reports whether the service did not respond, or responded with a status of 5xx. */
const isUnanswered = ({ status }: ApiError) => status === undefined || status >= 500;

/**
 * Returns the interval between polls after a failed poll, in seconds. Returns undefined if the
 * failure is final.
 */
function nextInterval(error: ApiError, interval: number): number | undefined {
  switch (error.code) {
    case 'authorization_pending':
      return interval;
    case 'slow_down':
      return interval + slowDownSeconds;
    case 'rate_limited':
      return Math.max(interval + slowDownSeconds, error.retryAfter ?? 0);
    default:
      return isUnanswered(error) ? interval : undefined;
  }
}

/**
 * Error codes that show that the login has created no key, not even in response to an earlier poll.
 * Otherwise, the service would have returned that key again.
 */
const codesWithoutKey: readonly ApiErrorCode[] = [
  'authorization_pending',
  'access_denied',
  'expiry_too_late',
  'name_taken',
  'key_limit_reached',
];

/** Returns the exit code and the message for a failure that ends the login. */
function endOf(error: ApiError): Failure {
  if (error.code === 'expired_token') return expired;
  if (error.code === 'access_denied')
    return { exitCode: exitCodes.refused, message: 'The login was denied.' };
  return failureOf(error);
}

/**
 * Polls until the user has decided or the service reports that the code has expired. Returns the
 * key.
 *
 * @throws {@link CliError} if the login yields no key. The message says whether a key may exist.
 */
async function poll(
  { device_code, interval: requested, expires_in }: StartedDeviceLogin,
  { name }: LoginKey,
  context: Context,
): Promise<RedeemedDeviceLogin> {
  // Timers cannot wait for more than 24 days.
  const lifetime = Math.min(Number(expires_in) || 0, longestLifetime);
  const end = performance.now() + (lifetime + patienceSeconds) * 1000;
  let interval = requested > 0 ? requested : defaultInterval;
  let wait = interval;
  const keyName = deviceKeyPrefix + name;
  const ifLost = `If you approved the login, the key ${printable(keyName)} may exist, but is lost. To find and delete it, open ${context.url}/console, or run:\n${findAndDelete(keyName, context)}`;
  let mayExist = false;
  const mayExistAfter = ({ code, mayHaveBeenProcessed }: ApiError) => {
    mayExist = !codesWithoutKey.includes(code) && (mayExist || mayHaveBeenProcessed);
    return mayExist;
  };
  const failed = ({ exitCode, message }: Failure) => {
    const rest = mayExist
      ? `A response of the service was lost. ${ifLost}`
      : 'Nothing was created.';
    return new CliError(exitCode, `${message}\n${rest}`);
  };
  const redeem = (sending: Sending) => {
    const client = clientOf(context, async () => '', { ...sending, maxAttempts: 1 });
    return client.redeemDeviceLogin({ device_code });
  };
  for (;;) {
    const remaining = end - performance.now();
    if (remaining <= 0) throw failed(expired);
    await delay(Math.min(wait * margin * 1000, remaining));
    try {
      return await issued(ifLost, redeem, mayExistAfter);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const next = nextInterval(error, interval);
      if (next === undefined) throw failed(endOf(error));
      interval = next;
      // RFC 8628 section 3.5 asks for an exponential backoff after a timeout. The service repeats a
      // lost key for a minute after the code has expired, so the backoff must be shorter than that.
      wait = isUnanswered(error)
        ? Math.max(interval, Math.min(wait * 2, longestBackoff))
        : interval;
      if (error.code === 'rate_limited') announcePause({ error, pauseMs: wait * margin * 1000 });
    }
  }
}

/**
 * Logs in with the device authorization grant (RFC 8628). Shows an address and a code. With them,
 * the user can approve the login on any device.
 *
 * @throws {@link NoDeviceLoginError} if the service has no device login.
 * @throws {@link CliError} if the user does not approve the login.
 */
export async function logInByDevice(key: LoginKey, context: Context): Promise<Report> {
  const { url, environment, terminal } = context;
  const started = await start(context, key);
  terminal.note(
    'Open this address in a browser, on this or another device:',
    '',
    `  ${printable(addressOf(started, url))}`,
    '',
    `and enter this code:  ${printable(started.user_code)}`,
    '',
    'Never enter a code somebody sent you.',
  );
  const previous = await logins.find(url, environment);
  const issuedKey = await poll(started, key, context);
  const report = await reportLogin(issuedKey, context, async () => {
    const name = printable(issuedKey.name);
    return `The key ${name} exists, but is lost. Delete it at ${url}/console.`;
  });
  return previous === undefined ? report : keepPrevious(report, previous, context);
}
