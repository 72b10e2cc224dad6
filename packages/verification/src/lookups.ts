import { type Finding, Findings } from './findings.ts';
import type { FindKey, FoundKey } from './found-key.ts';
import { Read } from './read.ts';

/** How many are remembered: keys that are good, and ids that are refused. */
export const goodEntries = 10_000;
const refusedEntries = 1_000;
/** How long a refusal is remembered, in milliseconds: a key issued or extended elsewhere works after it. */
const refusedAge = 1_000;

/**
 * Fraction of `maximumAge` after which a finding in use is read again in the background, so that no request waits for the store
 * and `verify` never says that nothing is left of an answer.
 */
const refreshAfter = 0.8;
/** Milliseconds until a refresh that failed is repeated. */
const refreshPause = 1_000;

/** The store took longer to answer than an answer may be old. */
export class StaleReadError extends Error {
  override readonly name = 'StaleReadError';
}

export interface LookupsOptions<Found extends FoundKey> {
  readonly find: FindKey<Found>;
  /** Whether a key is good now. One that is not is remembered like an id that is unknown: briefly, and apart. */
  readonly isGood: (found: Found) => boolean;
  /** How old an answer may be, in milliseconds. */
  readonly maximumAge: number;
  /** Milliseconds of a monotonic clock. */
  readonly monotonicNow: () => number;
}

/**
 * Remembers for a bounded time what reads of the store found, by id and never by key.
 *
 * Refusals have a small place of their own, so that a flood of random keys neither grows memory nor pushes good keys out.
 * Look-ups of one key at the same time are one read. A read that failed is not remembered.
 */
export class Lookups<Found extends FoundKey> {
  readonly #options: LookupsOptions<Found>;
  readonly #good = new Findings<Found>(goodEntries);
  readonly #refused = new Findings<Found>(refusedEntries);
  /** By each of the ids that a read asks for. One that is not in here any more must not be joined or remembered. */
  readonly #reads = new Map<string, Read<Found>>();
  /** When findings that were refreshed, in vain so far, may be refreshed again. */
  readonly #refreshAgainAt = new WeakMap<Finding<Found>, number>();
  /** How many times an owner was forgotten. */
  #changes = 0;

  constructor(options: LookupsOptions<Found>) {
    this.#options = options;
  }

  /** Returns what is known of an id without asking the store, never older than the bound. One that nears it is refreshed. */
  known(id: string): Finding<Found> | undefined {
    const { isGood, maximumAge } = this.#options;
    const good = this.#good.get(id);
    if (good !== undefined) {
      if (this.#isWithin(maximumAge, good) && isGood(good.found as Found)) {
        if (!this.#isWithin(maximumAge * refreshAfter, good)) this.#refresh(id, good);
        return good;
      }
      this.#good.delete(id);
    }
    const refused = this.#refused.get(id);
    return refused !== undefined && this.#isWithin(Math.min(refusedAge, maximumAge), refused) ? refused : undefined;
  }

  /**
   * Asks the store, or joins whoever is asking it.
   *
   * @param ids digests of one key; the first is the one that a refusal is remembered by.
   * @throws what `find` throws, and {@link StaleReadError}.
   */
  async read(ids: readonly [string, ...string[]]): Promise<Finding<Found>> {
    const { maximumAge } = this.#options;
    const underWay = this.#reads.get(ids[0]);
    const changesBefore = this.#changes;
    const read = underWay !== undefined && this.#isWithin(maximumAge, underWay) ? underWay : this.#begin(ids);
    const finding = await read.finding;
    // It was joined after its owner had been forgotten. One that begins now cannot be from before that.
    if (read.mayPrecede(finding, changesBefore)) return this.read(ids);
    if (!this.#isWithin(maximumAge, finding)) throw new StaleReadError('The key store was too slow.');
    return finding;
  }

  /** Forgets ids at once: what comes from now on asks the store again, also where a read of them is under way. */
  forget(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#good.delete(id);
      this.#refused.delete(id);
      const read = this.#reads.get(id);
      if (read !== undefined) this.#end(read);
    }
  }

  /** Forgets all keys of an owner like {@link forget}. Whose key a read under way finds shows when it ends. */
  forgetOwner(userId: string): void {
    this.#good.deleteOwner(userId);
    this.#refused.deleteOwner(userId);
    this.#changes++;
    for (const read of this.#reads.values()) read.noteChange(userId, this.#changes);
  }

  #refresh(id: string, finding: Finding<Found>): void {
    const now = this.#options.monotonicNow();
    if (this.#reads.has(id) || now < (this.#refreshAgainAt.get(finding) ?? 0)) return;
    this.#refreshAgainAt.set(finding, now + refreshPause);
    this.#begin([id]);
  }

  #begin(ids: readonly [string, ...string[]]): Read<Found> {
    const { find, monotonicNow } = this.#options;
    const read = new Read(ids, monotonicNow(), find(ids));
    for (const id of ids) this.#reads.set(id, read);
    read.finding.then(
      (finding) => {
        if (this.#reads.get(ids[0]) === read && !read.mayPrecede(finding, this.#changes)) this.#remember(ids, finding);
        this.#end(read);
      },
      () => this.#end(read), // Whoever waits for it hears of the failure.
    );
    return read;
  }

  #end(read: Read<Found>): void {
    for (const id of read.ids) if (this.#reads.get(id) === read) this.#reads.delete(id);
  }

  #remember(ids: readonly [string, ...string[]], finding: Finding<Found>): void {
    const { found } = finding;
    if (found !== undefined && this.#options.isGood(found)) {
      this.#good.set(found.record.id, finding);
    } else {
      for (const id of ids) this.#good.delete(id);
      this.#refused.set(ids[0], finding);
    }
  }

  #isWithin(age: number, { begunAt }: { readonly begunAt: number }): boolean {
    return this.#options.monotonicNow() - begunAt < age;
  }
}
