import { SigningKeysUnavailableError } from './signing-keys.ts';

export interface PublishedKeysOptions<Keys> {
  /** Fetches the whole set of keys. */
  readonly fetchKeys: () => Promise<Keys>;
  /**
   * Minimum milliseconds between the starts of two fetches. It limits the fetches that unknown key
   * ids cause.
   */
  readonly fetchInterval: number;
  /**
   * Milliseconds after which a set is fetched again before it is used, so that a withdrawn key
   * stops verifying.
   */
  readonly maximumAge: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Called with the cause of each failed fetch. */
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Fraction of `maximumAge` after which the set is refreshed in the background, so that regular use
 * never waits for a fetch.
 */
const refreshFrom = 0.8;

/**
 * Maximum milliseconds since the last successful fetch for which a set is used while fetches fail:
 * 24 hours (service contract, "The JWT").
 */
const longestOutage = 24 * 3_600_000;

/** A set of keys, and when its fetch started, in milliseconds of the monotonic clock. */
interface FetchedKeys<Keys> {
  readonly keys: Keys;
  readonly fetchedAt: number;
}

/**
 * A cached set of keys that another party publishes. Both functions throw {@link
 * SigningKeysUnavailableError}.
 */
export interface PublishedKeys<Keys> {
  /** Returns the cached set. Fetches the set first if it is missing or too old. */
  current(): Promise<FetchedKeys<Keys>>;
  /**
   * Fetches the set to find keys that the cached set lacks. If the last fetch started less than
   * `fetchInterval` ago, returns its result instead.
   */
  newest(): Promise<FetchedKeys<Keys>>;
}

/**
 * Creates a cache for a published set of keys. While fetches fail, the last fetched set is used for
 * at most 24 hours. A fetched set replaces the previous one even if it contains fewer keys.
 */
export function publishedKeys<Keys>(options: PublishedKeysOptions<Keys>): PublishedKeys<Keys> {
  const { fetchKeys, fetchInterval, maximumAge, now, onFailure } = options;
  let latest: FetchedKeys<Keys> | undefined;
  let attempt:
    | { readonly startedAt: number; readonly result: Promise<FetchedKeys<Keys>> }
    | undefined;
  let failedAt = Number.NEGATIVE_INFINITY; // When the last failed fetch started.

  function newest(): Promise<FetchedKeys<Keys>> {
    if (attempt !== undefined && now() - attempt.startedAt < fetchInterval) return attempt.result;
    const startedAt = now();
    const result = fetchKeys().then(
      (keys) => {
        latest = { keys, fetchedAt: startedAt };
        return latest;
      },
      (cause: unknown) => {
        failedAt = startedAt;
        onFailure(cause);
        throw new SigningKeysUnavailableError('The signing keys could not be fetched.', { cause });
      },
    );
    result.catch(() => {}); // Callers see the rejection; a background refresh has no caller.
    attempt = { startedAt, result };
    return result;
  }

  async function current(): Promise<FetchedKeys<Keys>> {
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
