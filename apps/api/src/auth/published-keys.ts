import { SigningKeysUnavailableError } from './signing-keys.ts';

export interface PublishedKeysOptions<Keys> {
  /** Fetches the whole set of keys. */
  readonly fetchKeys: () => Promise<Keys>;
  /**
   * Minimum milliseconds between the starts of two fetches. Bounds the fetches that unknown key ids
   * cause.
   */
  readonly fetchInterval: number;
  /**
   * Milliseconds after which a set is fetched again before it is used, so that a withdrawn key
   * stops verifying.
   */
  readonly maximumAge: number;
  /** Milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Receives the cause of each failed fetch. */
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Fraction of `maximumAge` after which the set is refreshed in the background, so that regular use
 * never waits for a fetch.
 */
const refreshFrom = 0.8;

/**
 * Milliseconds after the last good fetch for which a set is used while fetches fail (service
 * contract, "The JWT"): 24 hours.
 */
const longestOutage = 24 * 3_600_000;

/** A set of keys and when its fetch started, in milliseconds of the clock. */
interface FetchedKeys<Keys> {
  readonly keys: Keys;
  readonly fetchedAt: number;
}

/**
 * A set of keys that another party publishes. Both functions throw {@link
 * SigningKeysUnavailableError}.
 */
export interface PublishedKeys<Keys> {
  /** Returns the set in use. Fetches it first if there is none, or if it is too old. */
  current(): Promise<FetchedKeys<Keys>>;
  /** Returns the newest set that may be fetched at present, for keys that the current one lacks. */
  newest(): Promise<FetchedKeys<Keys>>;
}

/**
 * Caches a published set of keys. A set is used while fetches fail, for at most 24 hours after the
 * last good one; a set that was fetched replaces the previous one whatever it holds.
 */
export function publishedKeys<Keys>(options: PublishedKeysOptions<Keys>): PublishedKeys<Keys> {
  const { fetchKeys, fetchInterval, maximumAge, now, onFailure } = options;
  let latest: FetchedKeys<Keys> | undefined;
  let attempt: { readonly startedAt: number; readonly result: Promise<FetchedKeys<Keys>> } | undefined;
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
    // After one fetch has failed, no caller waits for the next one to fail as well.
    if (age <= maximumAge || now() - failedAt < 2 * fetchInterval) return known;
    return fetched.catch(() => known);
  }

  return { current, newest };
}
