import { isKey } from '@andamio/schema/key-format';
import type { CacheEntry } from './cache-entries.ts';
import type { Digester } from './digest.ts';
import { type FindKey, type FoundKey, isValid } from './found-key.ts';
import { KeyCache, maximumValidEntries } from './key-cache.ts';
import { ValidKeyIds } from './valid-key-ids.ts';

export { type FindKey, type FoundKey, isValid } from './found-key.ts';
export { StaleReadError } from './key-cache.ts';

/** A valid key, and the milliseconds for which callers may rely on that. */
export interface VerifiedKey<Found extends FoundKey> {
  readonly found: Found;
  readonly millisecondsLeft: number;
}

export interface KeyVerifierOptions<Found extends FoundKey> {
  readonly find: FindKey<Found>;
  /** One digester for each pepper, first that of the pepper for new keys. */
  readonly digesters: readonly [Digester, ...Digester[]];
  /** Largest age of a result in milliseconds. A change in the store takes effect here within it. */
  readonly maximumAge: number;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /**
   * Called with a valid key that is stored under an older pepper, and with its digest under the
   * newest.
   */
  readonly onOlderPepper?: (found: Found, newest: NewestDigest) => void;
}

/** A key's digest under the pepper for new keys. */
export interface NewestDigest {
  readonly id: string;
  readonly pepperVersion: string;
}

/** Why a key is refused (service contract, "Edges"). */
export type KeyRefusal = 'malformed' | 'unknown_key' | 'expired' | 'suspended';

type Verification<Found extends FoundKey> = VerifiedKey<Found> | undefined;

/** Verifies API keys. */
export interface KeyVerifier<Found extends FoundKey> {
  /**
   * Returns the cached verification of a key, without a look-up.
   *
   * @returns undefined if the key is not cached as valid; {@link KeyVerifier.verify} then decides.
   */
  cached(text: string): Verification<Found>;
  /**
   * Reports whether a key was valid when it was last verified, however long ago. Covers only the
   * most recently used keys.
   */
  wasValid(text: string): boolean;
  /**
   * Verifies a key. The result is undefined for a key that is malformed, unknown, expired, deleted,
   * or of a suspended owner. A malformed key needs no look-up.
   *
   * @returns the result itself if it is cached, otherwise a promise.
   * @throws {StaleReadError} in the promise, and the errors of `find`.
   */
  verify(text: string): Verification<Found> | Promise<Verification<Found>>;
  /** Returns why {@link KeyVerifier.verify} has just refused a key. Reads only the cache. */
  refusalReason(text: string): KeyRefusal;
  /** Drops cached results of the given ids, so that changes to them take effect at once. */
  invalidate(ids: Iterable<string>): void;
  /** Drops cached results of all keys of an owner, so that changes to them take effect at once. */
  invalidateOwner(userId: string): void;
}

/** Creates a key verifier. Results are cached for at most `maximumAge`. */
export function createKeyVerifier<Found extends FoundKey>(options: KeyVerifierOptions<Found>): KeyVerifier<Found> {
  const { find, digesters, maximumAge, now, monotonicNow, onOlderPepper } = options;
  const cache = new KeyCache({ find, isValid: (found) => isValid(found, now()), maximumAge, monotonicNow });
  const validKeyIds = new ValidKeyIds(maximumValidEntries);

  function verificationOf({ found, startedAt }: CacheEntry<Found>): Verification<Found> {
    if (found === undefined || !isValid(found, now())) return undefined;
    const untilOld = maximumAge - (monotonicNow() - startedAt);
    const untilExpired = found.record.expiresAt * 1000 - now();
    return { found, millisecondsLeft: Math.max(0, Math.min(untilOld, untilExpired)) };
  }

  function dropIfRefused(text: string, verification: Verification<Found>): Verification<Found> {
    if (verification === undefined) validKeyIds.delete(text);
    return verification;
  }

  async function lookUp(text: string, ids: readonly [string, ...string[]]): Promise<Verification<Found>> {
    const verified = dropIfRefused(text, verificationOf(await cache.read(ids)));
    if (verified === undefined) return undefined;
    const { id } = verified.found.record;
    validKeyIds.set(text, id);
    if (id !== ids[0]) onOlderPepper?.(verified.found, { id: ids[0], pepperVersion: digesters[0].pepperVersion });
    return verified;
  }

  return {
    cached(text) {
      const id = isKey(text) ? validKeyIds.get(text) : undefined;
      const entry = id === undefined ? undefined : cache.get(id);
      return entry && verificationOf(entry);
    },
    wasValid: (text) => isKey(text) && validKeyIds.get(text) !== undefined,
    verify(text) {
      if (!isKey(text)) return undefined;
      const ids: string[] = [];
      for (const digester of digesters) {
        const id = digester.digest(text);
        const known = cache.get(id);
        if (known !== undefined) return dropIfRefused(text, verificationOf(known));
        ids.push(id);
      }
      return lookUp(text, ids as [string, ...string[]]);
    },
    refusalReason(text) {
      if (!isKey(text)) return 'malformed';
      // A refusal stays cached long enough to be explained.
      const found = digesters.map(({ digest }) => cache.get(digest(text))?.found).find((one) => one !== undefined);
      if (found === undefined) return 'unknown_key';
      return found.suspended === true ? 'suspended' : 'expired';
    },
    invalidate: (ids) => cache.invalidate(ids),
    invalidateOwner: (userId) => cache.invalidateOwner(userId),
  };
}
