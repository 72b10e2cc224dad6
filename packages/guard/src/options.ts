import { parseDigestKeys } from '@andamio/verification/digest-keys';
import type { RateLimitStore } from './limits/limit.ts';

interface CommonOptions {
  /** How long the service or the database may take, in milliseconds; then the request is answered with 503. Default: 5,000. */
  readonly timeoutMs?: number;
  /**
   * One of the service's GUARD_SECRETS, which tells it that the guard speaks for many clients: the service does not limit the guard's address
   * then. Without it, 600 unknown keys a minute stop the guard from verifying any key.
   */
  readonly guardSecret?: string | undefined;
  /**
   * Is told why a request was answered with 503, or a report failed; for a log. The errors name no key and have no cause.
   */
  readonly onError?: (error: Error) => void;
}

/** By HTTP: asks the service's `verify` operation, and keeps its answers as long as it allows. */
export interface VerifyOptions extends CommonOptions {
  /** Where the service is, such as `https://host`. */
  readonly verify: string | URL;
  readonly firestore?: never;
  readonly digestKeys?: never;
  readonly cacheSeconds?: never;
  readonly rateLimitStore?: never;
}

/** Straight on the service's database, which it needs to read and no more. */
export interface FirestoreOptions extends CommonOptions {
  /** The service's GOOGLE_CLOUD_PROJECT and FIRESTORE_DATABASE; the latter is `(default)` if left out. */
  readonly firestore: { readonly project: string; readonly database?: string };
  /** `VERSION:BASE64` pairs separated by commas, which the service's operator derives from KEY_PEPPERS. */
  readonly digestKeys: string;
  /** Within how many seconds a deleted key is refused: 1 to 10, 10 if left out. */
  readonly cacheSeconds?: number;
  /**
   * Where requests a minute are counted, a `Store` of express-rate-limit that belongs to this guard alone. In memory, by each
   * process for itself, if left out, and while it fails.
   */
  readonly rateLimitStore?: RateLimitStore;
  /** The service, to which usage is reported; if left out, usage is not counted. */
  readonly verify?: string | URL;
}

/** How a guard finds out whether a key is good: one of two ways. */
export type ApiKeyGuardOptions = VerifyOptions | FirestoreOptions;

/** The longest that a timer can wait, in milliseconds: 2^31 - 1. */
const longestMs = 2_147_483_647;

/** An option that is an integer within bounds. @throws {RangeError} */
function integer(name: string, value: number, maximum: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
  throw new RangeError(`${name} must be an integer from 1 to ${maximum}.`);
}

/** This machine by its own names, as a URL has them: other forms of 127.0.0.0/8 and of ::1 are these once they are parsed. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Where the service is. What is refused is not repeated, since it may hold a password. @throws {TypeError} */
function serviceUrl(value: string | URL): URL {
  const url = URL.canParse(String(value)) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new TypeError('verify must be an https URL without credentials, query and fragment.');
  }
  if (url.protocol === 'http:' && !loopback.test(url.hostname)) {
    throw new TypeError(
      'verify must begin with https:, since API keys are sent there. http: is for loopback hosts only.',
    );
  }
  return url;
}

/** A secret that a header can carry. @throws {TypeError} that does not repeat it */
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
 * Reads what the two ways have in common.
 *
 * @throws {TypeError | RangeError}
 */
export function readCommonOptions({ timeoutMs = 5_000, onError }: CommonOptions) {
  return {
    timeout: integer('timeoutMs', timeoutMs, longestMs),
    // Apart from what answers requests: a hook that throws must not change how they are answered.
    onError: (error: Error) => process.nextTick(() => onError?.(error)),
  };
}

/** Reads what is said of the service. @throws {TypeError} */
export const readServiceOptions = ({ verify, guardSecret }: Pick<VerifyOptions, 'verify' | 'guardSecret'>) => ({
  url: serviceUrl(verify),
  guardSecret: guardSecretOf(guardSecret),
});

/** Reads what is said of the database. @throws {TypeError | RangeError} */
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
