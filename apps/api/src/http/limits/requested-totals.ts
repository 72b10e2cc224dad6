import { utcDayNumbered } from '@andamio/keys/usage/calendar';
import { usageInterval } from '@andamio/keys/usage/meter';
import type { SharedUsageStorer } from '@andamio/keys/usage/shared';
import type { UsageTotals } from '@andamio/keys/usage/store';
import { LRUCache } from 'lru-cache';
import type { ReadTotals } from '../../counters/redis-usage.ts';

/** Maximum number of owners whose totals are kept until the owner's next request. */
const maximumOwners = 10_000;

/**
 * An owner's totals that were requested from the store. `totals` is undefined while they are being
 * read.
 */
interface Requested extends Omit<ReadTotals, 'totals'> {
  readonly totals: UsageTotals | undefined;
}

/**
 * Owners' usage totals that Redis does not know, read from the store in the background. The owner's
 * next request passes them to Redis. If it arrives more than one interval later, they are read
 * again.
 */
export class RequestedTotals {
  readonly #storer: Pick<SharedUsageStorer, 'totalsOf'>;
  readonly #byOwner = new LRUCache<string, Requested>({ max: maximumOwners, ttl: usageInterval });

  constructor(storer: Pick<SharedUsageStorer, 'totalsOf'>) {
    this.#storer = storer;
  }

  /** Returns an owner's totals if they were requested and have been read. */
  of(userId: string): ReadTotals | undefined {
    const requested = this.#byOwner.get(userId);
    return requested?.totals && { ...requested, totals: requested.totals };
  }

  /**
   * Records whether Redis needs an owner's totals. If it does, reads them, at most once per
   * interval.
   *
   * @param day days since 1970.
   * @param version the version of the totals that Redis needs, or undefined if it needs none.
   */
  note(userId: string, day: number, version: string | undefined): void {
    const known = this.#byOwner.get(userId);
    if (version === undefined) {
      if (known !== undefined) this.#byOwner.delete(userId);
      return;
    }
    if (known?.version === version && known.day === day) return;
    const reading = { version, day, totals: undefined };
    this.#byOwner.set(userId, reading);
    void this.#storer.totalsOf(userId, utcDayNumbered(day)).then((totals) => {
      if (totals !== undefined && this.#byOwner.peek(userId) === reading)
        this.#byOwner.set(userId, { ...reading, totals });
    });
  }
}
