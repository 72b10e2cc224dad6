import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type IssuedApiKey, type StartedDeviceLogin } from '@andamio/client';
import type { Context, Report } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { clientOf } from '../service.ts';
import { findLogin } from '../stored-key/login-file.ts';
import { minuteOf, printable } from '../text.ts';
import { type LoginKey, reportLogin } from './report-login.ts';

/** Seconds between polls if the service states no interval (RFC 8628 section 3.2). */
const defaultInterval = 5;
/**
 * Seconds by which `slow_down` increases the interval for all later polls (RFC 8628 section 3.5).
 */
const slowDownSeconds = 5;
/**
 * Factor by which the program lengthens the interval, because the clock of a virtual machine may
 * run fast.
 */
const margin = 1.2;

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

const expired = () =>
  new CliError(exitCodes.refused, 'The code has expired. Nothing was created. Log in again.');

/**
 * Returns the interval until the next poll after a failed poll, in seconds.
 *
 * @throws {@link CliError | ApiError} if the failure is final.
 */
function nextInterval(error: unknown, interval: number): number {
  if (!(error instanceof ApiError)) throw error;
  const { code, status, retryAfter = 0 } = error;
  switch (code) {
    case 'authorization_pending':
      return interval;
    case 'slow_down':
      return interval + slowDownSeconds;
    case 'rate_limited':
      return Math.max(interval + slowDownSeconds, retryAfter);
    case 'expired_token':
      throw expired();
    case 'access_denied':
      throw new CliError(exitCodes.refused, 'The login was denied. Nothing was created.');
    default:
      // A lost response is not lost for good: the service repeats it. RFC 8628 section 3.5 asks for
      // an exponential backoff.
      if (status === undefined || status >= 500) return interval * 2;
      throw error;
  }
}

/** Polls until the user has decided or the code has expired. Returns the key. */
async function poll(
  { device_code, interval, expires_in }: StartedDeviceLogin,
  { url }: Context,
): Promise<IssuedApiKey> {
  const client = clientOf(url, async () => '', 1);
  const end = performance.now() + expires_in * 1000;
  let seconds = interval > 0 ? interval : defaultInterval;
  for (;;) {
    if (performance.now() + seconds * margin * 1000 > end) throw expired();
    await delay(seconds * margin * 1000);
    try {
      return await client.redeemDeviceLogin({ device_code });
    } catch (error) {
      seconds = nextInterval(error, seconds);
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
  const previous = await findLogin(url, environment);
  const issued = await poll(started, context);
  const report = await reportLogin(issued, context, async () => {
    const name = printable(issued.name);
    return `The key ${name} exists, but is lost. Delete it at ${url}/console.`;
  });
  if (previous === undefined) return report;
  const { name, expires_at } = previous;
  const note = `The key ${printable(name)} of the previous login is valid until ${minuteOf(expires_at)} UTC. Delete it if no other program uses it.`;
  return { ...report, notes: [...(report.notes ?? []), note] };
}
