import { randomUUID } from 'node:crypto';
import { monthOf } from './calendar.ts';
import type { AddUsageCommand, UsageTotals } from './store.ts';

/** How many counts may wait. A store that is down for long must not cost the process its memory. */
const maximumCounts = 100_000;

/** Requests of one owner on one day that wait to be stored: what one addition is made of. */
export interface Batch extends AddUsageCommand {
  readonly counts: Map<string, number>;
  total: number;
  /** From the first time that it is sent: whether it was stored may stay unknown, and then it is sent again as it was. */
  isClosed: boolean;
}

/** What was counted and is not stored yet. */
export class WaitingUsage {
  readonly #batches = new Map<string, Batch[]>();
  #counts = 0;

  get isEmpty(): boolean {
    return this.#batches.size === 0;
  }

  /** Those of whom anything waits. */
  owners(): string[] {
    return [...this.#batches.keys()];
  }

  /** What waits of an owner, oldest first. */
  of(userId: string): readonly Batch[] {
    return this.#batches.get(userId) ?? [];
  }

  /** How many requests of an owner wait, of a day and of its month. */
  totalsOf(userId: string, day: string): UsageTotals {
    const totals = { day: 0, month: 0 };
    for (const batch of this.of(userId)) {
      const isOfDay = batch.day === day;
      if (isOfDay) totals.day += batch.total;
      if (isOfDay || monthOf(batch.day) === monthOf(day)) totals.month += batch.total;
    }
    return totals;
  }

  /** Adds requests, or says that there is no room for them. */
  add(userId: string, day: string, name: string, requests: number): boolean {
    const last = this.of(userId).at(-1);
    const open = last?.isClosed === false && last.day === day ? last : undefined;
    const isKnown = open?.counts.has(name) === true;
    if (!isKnown && this.#counts >= maximumCounts) return false;
    if (!isKnown) this.#counts++;

    const batch = open ?? this.#begin(userId, day);
    batch.counts.set(name, (batch.counts.get(name) ?? 0) + requests);
    batch.total += requests;
    return true;
  }

  /** Drops a batch that is stored. */
  remove(batch: Batch): void {
    const left = this.of(batch.userId).filter((one) => one !== batch);
    this.#counts -= batch.counts.size;
    if (left.length === 0) this.#batches.delete(batch.userId);
    else this.#batches.set(batch.userId, left);
  }

  #begin(userId: string, day: string): Batch {
    const batch: Batch = { userId, day, attempt: randomUUID(), counts: new Map(), total: 0, isClosed: false };
    this.#batches.set(userId, [...this.of(userId), batch]);
    return batch;
  }
}
