import { isKey } from '@andamio/schema/key-format';
import type { Digester } from './digest.ts';
import type { Finding } from './findings.ts';
import { type FindKey, type FoundKey, isGood } from './found-key.ts';
import { KnownIds } from './known-ids.ts';
import { goodEntries, Lookups } from './lookups.ts';

export { type FindKey, type FoundKey, isGood } from './found-key.ts';
export { StaleReadError } from './lookups.ts';

/** A key that is good, and for how many milliseconds whoever is told so may rely on it. */
export interface VerifiedKey<Found extends FoundKey> {
  readonly found: Found;
  readonly millisecondsLeft: number;
}

export interface KeyVerifierOptions<Found extends FoundKey> {
  readonly find: FindKey<Found>;
  /** One for each pepper; that which makes new keys first. */
  readonly digesters: readonly [Digester, ...Digester[]];
  /** Within how many milliseconds a change in the store holds here as well: no answer is older. */
  readonly maximumAge: number;
  /** The present in Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicNow: () => number;
  /** Is told of a good key that was read under an older pepper, and by what it would be known under the newest. */
  readonly onOlderPepper?: (found: Found, newest: NewestDigest) => void;
}

/** A key's digest under the pepper that makes new keys. */
export interface NewestDigest {
  readonly id: string;
  readonly pepperVersion: string;
}

/** Why a key is refused (service contract, "Edges"). */
export type KeyRefusal = 'malformed' | 'unknown_key' | 'expired' | 'suspended';

type Verification<Found extends FoundKey> = VerifiedKey<Found> | undefined;

export interface KeyVerifier<Found extends FoundKey> {
  /**
   * Checks what somebody sent as a key by what is remembered of it.
   *
   * @returns undefined where it is not known to be good: {@link KeyVerifier.verify} says whether it is.
   */
  known(text: string): Verification<Found>;
  /** Returns whether a key was good when it was last verified here, however long ago, as far as that is remembered. */
  wasGood(text: string): boolean;
  /**
   * Checks what somebody sent as a key. Undefined for every one that is not good: unknown, expired, deleted, of a suspended
   * owner, or mistyped, which takes no look-up.
   *
   * @returns at once what is known already, else a promise.
   * @throws in the promise: what `find` throws, and StaleReadError.
   */
  verify(text: string): Verification<Found> | Promise<Verification<Found>>;
  /** Returns why {@link KeyVerifier.verify} has just refused what somebody sent as a key. Asks nobody. */
  whyRefused(text: string): KeyRefusal;
  /** Lets changes of these ids hold here at once. */
  forget(ids: Iterable<string>): void;
  /** Lets changes of all keys of an owner hold here at once. */
  forgetOwner(userId: string): void;
}

/** Makes what checks keys. What it found out of a key is known again until it is older than the bound. */
export function createKeyVerifier<Found extends FoundKey>(options: KeyVerifierOptions<Found>): KeyVerifier<Found> {
  const { find, digesters, maximumAge, now, monotonicNow, onOlderPepper } = options;
  const lookups = new Lookups({ find, isGood: (found) => isGood(found, now()), maximumAge, monotonicNow });
  const idsOfGood = new KnownIds(goodEntries);

  function judge({ found, begunAt }: Finding<Found>): Verification<Found> {
    if (found === undefined || !isGood(found, now())) return undefined;
    const untilOld = maximumAge - (monotonicNow() - begunAt);
    const untilExpired = found.record.expiresAt * 1000 - now();
    return { found, millisecondsLeft: Math.max(0, Math.min(untilOld, untilExpired)) };
  }

  function rememberRefusal(text: string, verification: Verification<Found>): Verification<Found> {
    if (verification === undefined) idsOfGood.delete(text);
    return verification;
  }

  async function look(text: string, ids: readonly [string, ...string[]]): Promise<Verification<Found>> {
    const verified = rememberRefusal(text, judge(await lookups.read(ids)));
    if (verified === undefined) return undefined;
    const { id } = verified.found.record;
    idsOfGood.set(text, id);
    if (id !== ids[0]) onOlderPepper?.(verified.found, { id: ids[0], pepperVersion: digesters[0].pepperVersion });
    return verified;
  }

  return {
    known(text) {
      const id = isKey(text) ? idsOfGood.get(text) : undefined;
      const finding = id === undefined ? undefined : lookups.known(id);
      return finding && judge(finding);
    },
    wasGood: (text) => isKey(text) && idsOfGood.get(text) !== undefined,
    verify(text) {
      if (!isKey(text)) return undefined;
      const ids: string[] = [];
      for (const digester of digesters) {
        const id = digester.digest(text);
        const known = lookups.known(id);
        if (known !== undefined) return rememberRefusal(text, judge(known));
        ids.push(id);
      }
      return look(text, ids as [string, ...string[]]);
    },
    whyRefused(text) {
      if (!isKey(text)) return 'malformed';
      // A refusal is remembered for long enough to be explained.
      const found = digesters.map(({ digest }) => lookups.known(digest(text))?.found).find((one) => one !== undefined);
      if (found === undefined) return 'unknown_key';
      return found.suspended === true ? 'suspended' : 'expired';
    },
    forget: (ids) => lookups.forget(ids),
    forgetOwner: (userId) => lookups.forgetOwner(userId),
  };
}
