import { OutcomeUnknownError, StoreUnavailableError } from '../src/store.ts';
import { monthOf } from '../src/usage/calendar.ts';
import { addToMonth, emptyMonth, stateOf, totalsOf, type UsageMonth } from '../src/usage/month.ts';
import {
  AdditionForgottenError,
  type AddUsageCommand,
  type UsageStore,
  type UsageTotals,
} from '../src/usage/store.ts';

const idOf = (userId: string, day: string) => `${userId} ${monthOf(day)}`;

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
  /** The owners whose totals were read. */
  readonly reads: string[] = [];
  /** Stored usage, by owner and month. */
  readonly #months = new Map<string, UsageMonth>();
  #hanging: (() => void)[] = [];

  async addUsage(command: AddUsageCommand): Promise<UsageTotals> {
    this.writes.push({ ...command });
    this.#failIfDown();
    const { userId, day } = command;
    const month = this.#monthOf(userId, day);
    const state = stateOf(month, command);
    if (state === 'forgotten') throw new AdditionForgottenError();
    if (state === 'new') this.#months.set(idOf(userId, day), addToMonth(month, command));
    return this.#answer(userId, day);
  }

  async readTotals(userId: string, day: string): Promise<UsageTotals> {
    this.reads.push(userId);
    this.#failIfDown();
    return this.#answer(userId, day);
  }

  readActivity(): never {
    throw new Error('The tests of the usage meter do not read activity.');
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
    return totalsOf(this.#monthOf(userId, day), day);
  }

  #monthOf(userId: string, day: string): UsageMonth {
    return this.#months.get(idOf(userId, day)) ?? emptyMonth;
  }

  #failIfDown(): void {
    if (this.behavior === 'fails') throw new StoreUnavailableError('The store is down.');
  }

  async #answer(userId: string, day: string): Promise<UsageTotals> {
    const totals = this.totalsOf(userId, day);
    if (this.behavior === 'loses the answer')
      throw new OutcomeUnknownError('The store did not confirm the write.');
    if (this.behavior === 'hangs')
      await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return totals;
  }
}
