import { randomBytes } from 'node:crypto';
import { monthOf } from './calendar.ts';
import type { AddUsageCommand, UsageTotals } from './store.ts';

/** The latest request with a secret. */
export interface LastUse {
  /** The secret's serial. */
  readonly serial: string;
  /** The minute of the request, in Unix minutes. */
  readonly minute: number;
}

/**
 * Maximum number of unreported counts and times of last use, combined. It bounds memory use while
 * the store is down.
 */
const maximumCounts = 100_000;

/** One owner's unreported requests of one day. A batch is stored by one addition. */
export interface Batch extends AddUsageCommand {
  readonly counts: Map<string, number>;
  readonly lastUses: Map<string, number>;
  total: number;
  /**
   * Whether the batch has been sent. A sent batch does not change, because it is sent again if its
   * outcome is unknown.
   */
  isClosed: boolean;
  isRepeated: boolean;
}

/**
 * Returns a random id of 64 bits. Firestore reserves fields that begin and end with `__`. The id is
 * never such a field: its last character encodes four bits, so it is not `_`.
 */
const randomInstance = () => randomBytes(8).toString('base64url');

/** The unreported usage: requests that are counted but not stored yet. */
export class WaitingUsage {
  readonly #now: () => number;
  readonly #instance = randomInstance();
  readonly #batches = new Map<string, Batch[]>();
  #lastNumber = 0;
  #counts = 0;

  /** @param now returns the current time in Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#batches.size === 0;
  }

  /** Whether requests for further names are not counted. */
  get isFull(): boolean {
    return this.#counts >= maximumCounts;
  }

  /** Returns the number of unreported requests of all owners. */
  get requests(): number {
    return [...this.#batches.values()].flat().reduce((sum, { total }) => sum + total, 0);
  }

  /** Returns the owners with unreported usage. */
  owners(): string[] {
    return [...this.#batches.keys()];
  }

  /** Returns an owner's batches of unreported usage, oldest first. */
  of(userId: string): readonly Batch[] {
    return this.#batches.get(userId) ?? [];
  }

  /** Returns the number of an owner's unreported requests, on a day and in its month. */
  totalsOf(userId: string, day: string): UsageTotals {
    const totals = { day: 0, month: 0 };
    for (const batch of this.of(userId)) {
      const isOfDay = batch.day === day;
      if (isOfDay) totals.day += batch.total;
      if (isOfDay || monthOf(batch.day) === monthOf(day)) totals.month += batch.total;
    }
    return totals;
  }

  /** Adds requests to the unreported usage. Returns false if there is no room for them. */
  add(userId: string, day: string, name: string, requests: number, use?: LastUse): boolean {
    const last = this.of(userId).at(-1);
    const open = last?.isClosed === false && last.day === day ? last : undefined;
    const isKnown = open?.counts.has(name) === true;
    if (!isKnown && this.isFull) return false;
    if (!isKnown) this.#counts++;

    const batch = open ?? this.#begin(userId, day);
    batch.counts.set(name, (batch.counts.get(name) ?? 0) + requests);
    batch.total += requests;
    if (use !== undefined) this.#noteUse(batch, use);
    return true;
  }

  /** Removes a batch of usage that was stored, or that the store no longer recognizes. */
  remove(batch: Batch): void {
    const left = this.of(batch.userId).filter((one) => one !== batch);
    this.#counts -= batch.counts.size + batch.lastUses.size;
    if (left.length === 0) this.#batches.delete(batch.userId);
    else this.#batches.set(batch.userId, left);
  }

  /** Records the last use of a secret, unless {@link maximumCounts} is reached. */
  #noteUse({ lastUses }: Batch, { serial, minute }: LastUse): void {
    const known = lastUses.get(serial);
    if (known === minute || (known === undefined && this.isFull)) return;
    if (known === undefined) this.#counts++;
    lastUses.set(serial, minute);
  }

  #begin(userId: string, day: string): Batch {
    // The number increases even if the clock was set back, or if two batches begin in the same
    // millisecond.
    this.#lastNumber = Math.max(this.#lastNumber + 1, this.#now() * 1000);
    const batch: Batch = {
      userId,
      day,
      instance: this.#instance,
      number: this.#lastNumber,
      isRepeated: false,
      counts: new Map(),
      lastUses: new Map(),
      total: 0,
      isClosed: false,
    };
    this.#batches.set(userId, [...this.of(userId), batch]);
    return batch;
  }
}
