import { isKey } from '@andamio/schema/key-format';
import type { CacheEntry } from './cache-entries.ts';
import { type Digester, idsOf, type KeyId, type KeyIds } from './digest.ts';
import { KeyCache, maximumValidEntries } from './key-cache.ts';
import { ValidKeyIds } from './valid-key-ids.ts';
import { type FindKey, isExpired, isValid, type VerifiableKey } from './verifiable-key.ts';

export { maximumValidEntries, refreshAfter, StaleReadError } from './key-cache.ts';
export { type FindKey, isValid, type VerifiableKey } from './verifiable-key.ts';

/** A valid key, and the number of milliseconds for which callers may cache the result. */
export interface VerifiedKey<Found extends VerifiableKey> {
  readonly found: Found;
  readonly millisecondsLeft: number;
}

export interface KeyVerifierOptions<Found extends VerifiableKey> {
  readonly find: FindKey<Found>;
  /** One digester for each pepper. The first one creates the ids of new keys. */
  readonly digesters: readonly [Digester, ...Digester[]];
  /**
   * Maximum age of a cached result in milliseconds. Every change in the store takes effect within
   * this time.
   */
  readonly maximumAge: number;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /**
   * Called after each read that finds a valid key under an older pepper. Receives the stored key and
   * its digest under the current pepper.
   */
  readonly onOlderPepper?: (found: Found, newest: NewestDigest) => void;
}

/** A key's digest under the current pepper. */
export interface NewestDigest {
  readonly id: KeyId;
  readonly pepperVersion: string;
}

/** The reason for refusing a key (contract, "Failures"). */
export type KeyRefusal = 'malformed' | 'unknown_key' | 'expired' | 'suspended';

type Verification<Found extends VerifiableKey> = VerifiedKey<Found> | undefined;

/** Verifies API keys and caches the results. */
export interface KeyVerifier<Found extends VerifiableKey> {
  /**
   * Returns the cached verification of a key without reading the store.
   *
   * @returns the verification, or undefined if the key is not cached as valid. In that case, call
   * {@link KeyVerifier.verify}.
   */
  cached(text: string): Verification<Found>;
  /**
   * Reports whether a key was valid when last verified, however long ago. The verifier remembers
   * only the most recently used keys, and returns false for all others.
   */
  wasValid(text: string): boolean;
  /**
   * Verifies a key. The result is undefined if the key is malformed, unknown, expired, deleted, or
   * owned by a suspended user. A malformed key is rejected without reading the store.
   *
   * @returns the result itself if it is cached, otherwise a promise. The promise rejects with a
   * {@link StaleReadError} or with an error of `find`.
   */
  verify(text: string): Verification<Found> | Promise<Verification<Found>>;
  /**
   * Returns the reason why {@link KeyVerifier.verify} has just refused a key. Reads only the cache,
   * so it must be called immediately after the refusal.
   */
  refusalReason(text: string): KeyRefusal;
  /**
   * Removes the cached results for the given ids, so that changes to these keys take effect
   * immediately.
   */
  invalidate(ids: Iterable<string>): void;
  /**
   * Removes the cached results for all keys of an owner, so that changes to them take effect
   * immediately.
   */
  invalidateOwner(userId: string): void;
}

/** Creates a key verifier. Results are cached for at most `maximumAge`. */
export function createKeyVerifier<Found extends VerifiableKey>(
  options: KeyVerifierOptions<Found>,
): KeyVerifier<Found> {
  const { find, digesters, maximumAge, now, monotonicNow, onOlderPepper } = options;
  const cache = new KeyCache({
    find,
    isValid: (found) => isValid(found, now()),
    maximumAge,
    monotonicNow,
  });
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

  async function lookUp(
    text: string,
    ids: KeyIds,
    read: Promise<CacheEntry<Found>>,
  ): Promise<Verification<Found>> {
    const verified = dropIfRefused(text, verificationOf(await read));
    if (verified === undefined) return undefined;
    const { id } = verified.found.record;
    validKeyIds.set(text, id);
    if (id !== ids[0])
      onOlderPepper?.(verified.found, { id: ids[0], pepperVersion: digesters[0].pepperVersion });
    return verified;
  }

  /**
   * Looks a cached key up again, so that requests need not wait when its entry expires. An error
   * has no effect. The entry remains usable until its maximum age, and the refresh is retried
   * meanwhile. After that, requests wait for a lookup of their own and receive its error.
   */
  function refresh(text: string, entry: CacheEntry<Found>): void {
    const ids = idsOf(digesters, text) as [KeyId, ...KeyId[]];
    lookUp(text, ids, cache.refresh(entry, ids)).catch(() => {});
  }

  /** Returns the verification of a cached entry, and starts to refresh the entry if it is due. */
  function use(text: string, entry: CacheEntry<Found>): Verification<Found> {
    const verification = verificationOf(entry);
    if (verification !== undefined && cache.isDue(entry)) refresh(text, entry);
    return verification;
  }

  return {
    cached(text) {
      const id = validKeyIds.get(text);
      const entry = id === undefined ? undefined : cache.get(id);
      return entry && use(text, entry);
    },
    wasValid: (text) => validKeyIds.get(text) !== undefined,
    verify(text) {
      if (!isKey(text)) return undefined;
      const computed: KeyId[] = [];
      for (const digester of digesters) {
        const id = digester.digest(text);
        const known = cache.get(id);
        if (known !== undefined) return dropIfRefused(text, use(text, known));
        computed.push(id);
      }
      const ids = computed as [KeyId, ...KeyId[]];
      return lookUp(text, ids, cache.read(ids));
    },
    refusalReason(text) {
      if (!isKey(text)) return 'malformed';
      // The refusal was cached a moment ago, so the cache still holds it.
      const found = digesters
        .map(({ digest }) => cache.get(digest(text))?.found)
        .find((one) => one !== undefined);
      if (found === undefined) return 'unknown_key';
      // The suspension that was read with an expired key may be older than the owner's.
      return isExpired(found, now()) ? 'expired' : 'suspended';
    },
    invalidate: (ids) => cache.invalidate(ids),
    invalidateOwner: (userId) => cache.invalidateOwner(userId),
  };
}
