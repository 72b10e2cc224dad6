import { SigningKeysUnavailableError } from './signing-keys.ts';

export interface PublishedKeysOptions<Keys> {
  /** Asks for the whole set of keys. */
  readonly fetchKeys: () => Promise<Keys>;
  /** The least milliseconds between the beginnings of two fetches: bounds what a flood of unknown ids can cause. */
  readonly fetchInterval: number;
  /** How old in milliseconds a set may be that is used although another could be fetched: then a key withdrawn there ends here. */
  readonly maximumAge: number;
  /** Milliseconds; any origin. */
  readonly now: () => number;
}

/** The part of its greatest age at which a set is fetched again in the background: where keys are in use, none waits for it. */
const refreshFrom = 0.8;

/** Finds a key in the set; undefined where the newest set that may be had lacks it. */
export type FindPublishedKey<Keys> = <Key>(choose: (keys: Keys) => Key | undefined) => Promise<Key | undefined>;

/**
 * Keeps the set of keys that somebody publishes. What the set lacks causes a fetch, but not within the interval, and never two
 * at once. A set that is too old is fetched again first. Keys once fetched go on when fetches fail.
 *
 * @throws from the search: {@link SigningKeysUnavailableError} when what the set lacks could not be looked for.
 */
export function publishedKeys<Keys>(options: PublishedKeysOptions<Keys>): FindPublishedKey<Keys> {
  const { fetchKeys, fetchInterval, maximumAge, now } = options;
  let current: { readonly keys: Keys; readonly fetchedAt: number } | undefined;
  let attempt: { readonly begun: number; readonly result: Promise<Keys> } | undefined;
  let failed = Number.NEGATIVE_INFINITY; // When the last fetch that failed was begun.

  function fetchSet(): Promise<Keys> {
    if (attempt !== undefined && now() - attempt.begun < fetchInterval) return attempt.result;
    const begun = now();
    const result = fetchKeys().then(
      (keys) => {
        current = { keys, fetchedAt: begun };
        return keys;
      },
      (cause: unknown) => {
        failed = begun;
        throw new SigningKeysUnavailableError('The signing keys could not be fetched.', { cause });
      },
    );
    result.catch(() => {}); // Whoever waits for it hears of it; a refresh in the background has nobody who waits.
    attempt = { begun, result };
    return result;
  }

  return async (choose) => {
    const known = current && choose(current.keys);
    if (current === undefined || known === undefined) return choose(await fetchSet());
    const age = now() - current.fetchedAt;
    if (age <= maximumAge * refreshFrom) return known;
    const fetched = fetchSet();
    // Where one fetch has failed, nobody waits for the next to fail as well.
    if (age <= maximumAge || now() - failed < 2 * fetchInterval) return known;
    return fetched.then(choose, () => known);
  };
}
