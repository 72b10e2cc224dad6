import { monthOf } from '../src/usage/calendar.ts';
import type { AddUsageCommand, UsageStore, UsageTotals } from '../src/usage/store.ts';

/**
 * The store's response to a call. With `loses the answer`, the store saves the usage and then
 * throws.
 */
export type Behavior = 'answers' | 'fails' | 'loses the answer' | 'hangs';

/** An in-memory usage store that records its calls. A test sets how it responds. */
export class ControlledUsageStore implements UsageStore {
  behavior: Behavior = 'answers';
  /** The calls that added counts. */
  readonly writes: AddUsageCommand[] = [];
  /** The calls without counts, which only read totals. */
  readonly reads: AddUsageCommand[] = [];
  readonly #attempts = new Set<string>();
  /** Stored counts, by owner and day or month. */
  readonly #sums = new Map<string, number>();
  #hanging: (() => void)[] = [];

  async addUsage(command: AddUsageCommand): Promise<UsageTotals> {
    (command.counts.size > 0 ? this.writes : this.reads).push(command);
    if (this.behavior === 'fails') throw new Error('The store is down.');
    if (!this.#attempts.has(command.attempt)) this.#add(command);
    const totals = this.totalsOf(command.userId, command.day);
    if (this.behavior === 'loses the answer')
      throw new Error('The store did not confirm the write.');
    if (this.behavior === 'hangs')
      await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return totals;
  }

  readUsage(): never {
    throw new Error('The tests of the usage meter do not read daily usage.');
  }

  /**
   * Resolves all hanging calls, each with the totals at the time of the call. Later calls do not
   * hang.
   */
  release(): void {
    this.behavior = 'answers';
    for (const answer of this.#hanging) answer();
    this.#hanging = [];
  }

  /** Returns an owner's stored totals for a day and its month. */
  totalsOf(userId: string, day: string): UsageTotals {
    const sumOf = (dayOrMonth: string) => this.#sums.get(`${userId} ${dayOrMonth}`) ?? 0;
    return { day: sumOf(day), month: sumOf(monthOf(day)) };
  }

  #add({ userId, day, attempt, counts }: AddUsageCommand): void {
    if (counts.size > 0) this.#attempts.add(attempt);
    const sum = [...counts.values()].reduce((all, requests) => all + requests, 0);
    const { day: ofDay, month: ofMonth } = this.totalsOf(userId, day);
    this.#sums.set(`${userId} ${day}`, ofDay + sum);
    this.#sums.set(`${userId} ${monthOf(day)}`, ofMonth + sum);
  }
}
