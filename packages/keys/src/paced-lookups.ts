import type { FoundKey } from './model.ts';
import { type KeyStore, StoreUnavailableError } from './store.ts';

/** Number of consecutive failed lookups after which the store counts as down. */
const failuresUntilDown = 10;

/** Minimum time, in milliseconds, between the starts of two lookups while the store is down. */
const pause = 100;

export interface LookupPace {
  /** Time in milliseconds after which a result is too old to be used. */
  readonly maximumAge: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
}

/**
 * Wraps a function that finds keys, so that a store that is down gets at most ten lookups a second
 * from this process. Further lookups fail at once. A lookup that succeeds ends the pace, so keys
 * are verified again within a tenth of a second after an outage.
 *
 * The address limit cannot bound lookups that fail, because they are refunded
 * (docs/decisions/0031-address-limit-exemptions.md).
 *
 * @throws {@link StoreUnavailableError}, from the returned function, in addition to the errors of
 *   `find`.
 */
export function pacedLookups(
  find: KeyStore['find'],
  { maximumAge, monotonicNow }: LookupPace,
): KeyStore['find'] {
  let failures = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  let cause: unknown;

  function noteFailure(error: unknown): void {
    failures++;
    cause = error;
  }

  return async (ids): Promise<FoundKey | undefined> => {
    const now = monotonicNow();
    if (failures >= failuresUntilDown && now - startedAt < pause)
      throw new StoreUnavailableError('The last lookups failed.', { cause });
    startedAt = now;
    try {
      const found = await find(ids);
      if (monotonicNow() - now < maximumAge) failures = 0;
      else noteFailure(new StoreUnavailableError('The lookup took too long.'));
      return found;
    } catch (error) {
      if (error instanceof StoreUnavailableError) noteFailure(error);
      throw error;
    }
  };
}
