import { serviceUrl } from '@andamio/schema/service-url';
import { parseDigestKeys } from '@andamio/verification/digest-keys';
import type { RateLimitStore } from './limits/limit.ts';
import { createWarner } from './warner.ts';

/** Options that both strategies share. */
export interface CommonOptions {
  /**
   * Timeout, in milliseconds, for a response of the service or database. Requests that exceed it
   * are rejected with 503. Default: 5,000.
   */
  readonly timeoutMs?: number;
  /**
   * One of the service's GUARD_SECRETS. It identifies the guard to the service, which then does not
   * rate-limit the guard's address. Without the secret, after 600 unknown keys in a minute, the
   * guard can verify only keys that were valid before.
   */
  readonly guardSecret?: string | undefined;
  /**
   * Called with the reason for each 503 response and each failed usage report. The errors contain
   * no key and no `cause`. By default, the guard emits a process warning at most once a minute.
   */
  readonly onError?: (error: Error) => void;
}

/** Options of a guard that calls the service's `verify` operation and caches its responses. */
export interface VerifyOptions extends CommonOptions {
  /** URL of the service, such as `https://host`. A final `/api/v1` is ignored. */
  readonly verify: string | URL;
  readonly firestore?: never;
  readonly digestKeys?: never;
  readonly cacheSeconds?: never;
  readonly rateLimitStore?: never;
}

/**
 * Options of a guard that reads the service's Firestore database. The guard needs only read access.
 */
export interface FirestoreOptions extends CommonOptions {
  /**
   * Values of the service's GOOGLE_CLOUD_PROJECT and FIRESTORE_DATABASE settings. The default
   * database is `(default)`.
   */
  readonly firestore: { readonly project: string; readonly database?: string };
  /**
   * Comma-separated `VERSION:BASE64` pairs. The operator of the service derives them from
   * KEY_PEPPERS.
   */
  readonly digestKeys: string;
  /**
   * Seconds for which a lookup is cached, from 1 to 10. A deleted key may be accepted for this
   * long. Default: 10.
   */
  readonly cacheSeconds?: number;
  /**
   * An express-rate-limit `Store` that no other middleware uses. Without a store, or while it fails
   * or does not respond within 300 ms, each process counts requests in memory.
   */
  readonly rateLimitStore?: RateLimitStore;
  /**
   * URL of the service. The guard uses it only to report usage, with the service's `verify`
   * operation. Without the URL, usage is not counted.
   */
  readonly verify?: string | URL;
}

/** Options of a guard, which verifies keys either with the service or in its Firestore database. */
export type ApiKeyGuardOptions = VerifyOptions | FirestoreOptions;

/** Maximum delay of a Node.js timer in milliseconds. */
const maximumMs = 2_147_483_647;

/**
 * Returns the value of an option if it is an integer from 1 to `maximum`.
 *
 * @throws {RangeError} if it is not.
 */
function integer(name: string, value: number, maximum: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
  throw new RangeError(`${name} must be an integer from 1 to ${maximum}.`);
}

/**
 * Returns the guard secret if it can be sent in a header.
 *
 * @throws {TypeError} if it cannot. The message does not quote the secret.
 */
function guardSecretOf(value: string | undefined): string | undefined {
  if (
    value === undefined ||
    (typeof value === 'string' && /^[!-~]{32,}$/.test(value) && !value.includes(','))
  )
    return value;
  throw new TypeError(
    "guardSecret must be one of the service's GUARD_SECRETS: at least 32 visible ASCII characters.",
  );
}

function digestKeysOf(text: string) {
  const keys = typeof text === 'string' ? parseDigestKeys(text) : undefined;
  if (keys === undefined) {
    throw new TypeError(
      'digestKeys must be VERSION:BASE64 pairs separated by commas, as the service prints them.',
    );
  }
  return keys;
}

/**
 * Reads the options that both strategies share.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function readCommonOptions({ timeoutMs = 5_000, onError = createWarner() }: CommonOptions) {
  return {
    timeout: integer('timeoutMs', timeoutMs, maximumMs),
    // The callback runs on the next tick, so that an exception it throws does not affect the
    // response.
    onError: (error: Error) => process.nextTick(onError, error),
  };
}

/**
 * Reads the options for calling the service.
 *
 * @throws {TypeError} if an option is invalid.
 */
export const readServiceOptions = ({
  verify,
  guardSecret,
}: Pick<VerifyOptions, 'verify' | 'guardSecret'>) => ({
  url: serviceUrl('verify', verify, 'API keys'),
  guardSecret: guardSecretOf(guardSecret),
});

/**
 * Reads the options for reading the service's database.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function readFirestoreOptions({
  firestore,
  digestKeys,
  cacheSeconds = 10,
}: FirestoreOptions) {
  const { project, database = '(default)' } = firestore;
  if (typeof project !== 'string' || project === '')
    throw new TypeError('firestore.project must be the id of a project.');
  return {
    address: { project, database },
    digestKeys: digestKeysOf(digestKeys),
    maximumAge: integer('cacheSeconds', cacheSeconds, 10) * 1000,
  };
}
