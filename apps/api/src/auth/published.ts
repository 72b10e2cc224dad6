import { SigningKeysUnavailableError } from './signing-keys.ts';

export interface PublishedOptions<Value> {
  /** Fetches the value, for example a whole set of keys. */
  readonly fetchValue: () => Promise<Value>;
  /**
   * Minimum time, in milliseconds, between the starts of two fetches. It limits the fetches that
   * unknown key ids cause.
   */
  readonly fetchInterval: number;
  /**
   * Age, in milliseconds, at which the value is fetched again before it is used, so that a
   * withdrawn key stops verifying.
   */
  readonly maximumAge: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Called with the cause of each failed fetch. */
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Fraction of `maximumAge` after which the value is refreshed in the background, so that regular
 * use never waits for a fetch.
 */
const refreshFrom = 0.8;

/**
 * Maximum age, in milliseconds, of a value that is used while fetches fail: 24 hours since its
 * fetch (contract, "The token").
 */
const longestOutage = 24 * 3_600_000;

/** A value, and the time at which its fetch started, in milliseconds of the monotonic clock. */
interface Fetched<Value> {
  readonly value: Value;
  readonly fetchedAt: number;
}

/**
 * A cached value that another party publishes and on which the verification of signatures depends.
 * Both functions throw {@link SigningKeysUnavailableError} if there is no usable value.
 */
export interface Published<Value> {
  /** Returns the cached value. Fetches the value first if it is missing or too old. */
  current(): Promise<Fetched<Value>>;
  /**
   * Fetches the value, for example to find keys that the cached set lacks. If the last fetch
   * started less than `fetchInterval` ago, returns the result of that fetch instead.
   */
  newest(): Promise<Fetched<Value>>;
}

/**
 * Creates a cache for a published value. While fetches fail, the last fetched value is used for at
 * most 24 hours. A fetched set of keys replaces the previous one even if it contains fewer keys.
 */
export function published<Value>(options: PublishedOptions<Value>): Published<Value> {
  const { fetchValue, fetchInterval, maximumAge, now, onFailure } = options;
  let latest: Fetched<Value> | undefined;
  let attempt: { readonly startedAt: number; readonly result: Promise<Fetched<Value>> } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY; // The time at which the last failed fetch started.

  function newest(): Promise<Fetched<Value>> {
    if (attempt !== undefined && now() - attempt.startedAt < fetchInterval) return attempt.result;
    const startedAt = now();
    const result = fetchValue().then(
      (value) => {
        latest = { value, fetchedAt: startedAt };
        return latest;
      },
      (cause: unknown) => {
        failedAt = startedAt;
        onFailure(cause);
        if (cause instanceof SigningKeysUnavailableError) throw cause;
        throw new SigningKeysUnavailableError('The signing keys could not be fetched.', { cause });
      },
    );
    result.catch(() => {}); // Callers see the rejection; a background refresh has no caller.
    attempt = { startedAt, result };
    return result;
  }

  async function current(): Promise<Fetched<Value>> {
    const known = latest;
    if (known === undefined) return newest();
    const age = now() - known.fetchedAt;
    if (age <= maximumAge * refreshFrom) return known;
    const fetched = newest();
    if (age > longestOutage) return fetched;
    // After one failed fetch, callers use the cached set instead of waiting for another fetch.
    if (age <= maximumAge || now() - failedAt < 2 * fetchInterval) return known;
    return fetched.catch(() => known);
  }

  return { current, newest };
}
