import { monthOf } from '../../src/keys/usage/calendar.ts';
import type { AddUsageCommand, UsageStore, UsageTotals } from '../../src/keys/usage/store.ts';

/** How the store takes an addition: as it should, not at all, or without saying that it did. */
export type Behaviour = 'answers' | 'fails' | 'loses the answer' | 'hangs';

/** A store of usage in memory that counts what is asked of it, and fails when it is told to. */
export class ControlledUsageStore implements UsageStore {
  behaviour: Behaviour = 'answers';
  /** Additions that were asked for; those without counts apart. */
  readonly writes: AddUsageCommand[] = [];
  readonly reads: AddUsageCommand[] = [];
  readonly #attempts = new Set<string>();
  /** By owner and day or month. */
  readonly #sums = new Map<string, number>();
  #hanging: (() => void)[] = [];

  async addUsage(command: AddUsageCommand): Promise<UsageTotals> {
    (command.counts.size > 0 ? this.writes : this.reads).push(command);
    if (this.behaviour === 'fails') throw new Error('The store is down.');
    if (!this.#attempts.has(command.attempt)) this.#add(command);
    const totals = this.totalsOf(command.userId, command.day);
    if (this.behaviour === 'loses the answer') throw new Error('The store did not confirm the write.');
    if (this.behaviour === 'hangs') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return totals;
  }

  readUsage(): never {
    throw new Error('Nobody asks for it here.');
  }

  /** Answers what hangs, with what was true when it was asked. */
  release(): void {
    this.behaviour = 'answers';
    for (const answer of this.#hanging) answer();
    this.#hanging = [];
  }

  /** What is stored of an owner. */
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
