import { parseDigestKeys } from '@andamio/verification/digest-keys';
import type { RateLimitStore } from './limits/limit.ts';

interface CommonOptions {
  /** Time limit of the service or database in milliseconds, after which a request is rejected with 503. Default: 5,000. */
  readonly timeoutMs?: number;
  /**
   * One of the service's GUARD_SECRETS. It tells the service that the guard acts for many clients,
   * so that the guard's address is not limited. Without it, 600 unknown keys per minute stop the
   * guard from verifying any key.
   */
  readonly guardSecret?: string | undefined;
  /**
   * Called with the reason for each 503 and each failed report. The errors contain no key and no
   * cause.
   */
  readonly onError?: (error: Error) => void;
}

/** Options of a guard that calls the service's `verify` operation and caches its responses. */
export interface VerifyOptions extends CommonOptions {
  /** URL of the service, such as `https://host`. */
  readonly verify: string | URL;
  readonly firestore?: never;
  readonly digestKeys?: never;
  readonly cacheSeconds?: never;
  readonly rateLimitStore?: never;
}

/** Options of a guard that reads the service's database. It needs read access only. */
export interface FirestoreOptions extends CommonOptions {
  /**
   * The service's GOOGLE_CLOUD_PROJECT and FIRESTORE_DATABASE. The database is `(default)` by
   * default.
   */
  readonly firestore: { readonly project: string; readonly database?: string };
  /**
   * Comma-separated `VERSION:BASE64` pairs, which the operator of the service derives from
   * KEY_PEPPERS.
   */
  readonly digestKeys: string;
  /** Seconds within which a deleted key is rejected, 1 to 10. Default: 10. */
  readonly cacheSeconds?: number;
  /**
   * A `Store` of express-rate-limit, used only by this guard. By default, and while it fails, each
   * process counts in memory.
   */
  readonly rateLimitStore?: RateLimitStore;
  /** URL of the service to which usage is reported. Without it, usage is not counted. */
  readonly verify?: string | URL;
}

/** Options of a guard, which verifies keys either by HTTP or on Firestore. */
export type ApiKeyGuardOptions = VerifyOptions | FirestoreOptions;

/** Largest delay of a timer in milliseconds. */
const maximumMs = 2_147_483_647;

/**
 * Returns an option that must be an integer within bounds.
 *
 * @throws {RangeError}
 */
function integer(name: string, value: number, maximum: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
  throw new RangeError(`${name} must be an integer from 1 to ${maximum}.`);
}

/**
 * Loopback hosts as the URL parser writes them. It normalizes other forms of 127.0.0.0/8 and ::1 to
 * these.
 */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Returns the URL of the service. Error messages do not repeat the value, which may contain a
 * password.
 *
 * @throws {TypeError}
 */
function serviceUrl(value: string | URL): URL {
  const url = URL.canParse(String(value)) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new TypeError('verify must be an https URL without credentials, query or fragment.');
  }
  if (url.protocol === 'http:' && !loopback.test(url.hostname)) {
    throw new TypeError(
      'verify must begin with https:, because API keys are sent there. http: is allowed only for loopback hosts.',
    );
  }
  return url;
}

/**
 * Returns a secret that can be sent in a header.
 *
 * @throws {TypeError} without the value.
 */
function guardSecretOf(value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && /^[!-~]{32,}$/.test(value) && !value.includes(',')))
    return value;
  throw new TypeError("guardSecret must be one of the service's GUARD_SECRETS: at least 32 visible ASCII characters.");
}

function digestKeysOf(text: string) {
  const keys = typeof text === 'string' ? parseDigestKeys(text) : undefined;
  if (keys === undefined) {
    throw new TypeError('digestKeys must be VERSION:BASE64 pairs separated by commas, as the service prints them.');
  }
  return keys;
}

/**
 * Reads the options that both strategies have.
 *
 * @throws {TypeError | RangeError}
 */
export function readCommonOptions({ timeoutMs = 5_000, onError }: CommonOptions) {
  return {
    timeout: integer('timeoutMs', timeoutMs, maximumMs),
    // Called asynchronously, so that an error in the hook does not affect the response.
    onError: (error: Error) => process.nextTick(() => onError?.(error)),
  };
}

/**
 * Reads the options of the service.
 *
 * @throws {TypeError}
 */
export const readServiceOptions = ({ verify, guardSecret }: Pick<VerifyOptions, 'verify' | 'guardSecret'>) => ({
  url: serviceUrl(verify),
  guardSecret: guardSecretOf(guardSecret),
});

/**
 * Reads the options of the database.
 *
 * @throws {TypeError | RangeError}
 */
export function readFirestoreOptions({ firestore, digestKeys, cacheSeconds = 10 }: FirestoreOptions) {
  const { project, database = '(default)' } = firestore;
  if (typeof project !== 'string' || project === '')
    throw new TypeError('firestore.project must be the id of a project.');
  return {
    address: { project, database },
    digestKeys: digestKeysOf(digestKeys),
    maximumAge: integer('cacheSeconds', cacheSeconds, 10) * 1000,
  };
}
