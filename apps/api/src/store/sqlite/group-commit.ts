import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { OutcomeUnknownError, StoreUnavailableError, storeDeadline } from '../../keys/store.ts';

/** How long to wait before asking again for a lock that another process holds, in milliseconds. */
const lockPause = 10;

/** SQLITE_BUSY and SQLITE_LOCKED, in the low byte of the extended result code. */
function isLocked(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode ?? 0;
  return (code & 0xff) === 5 || (code & 0xff) === 6;
}

interface Waiting<Outcome> {
  /** Whether it changes nothing, whatever becomes of the transaction. */
  readonly onlyReads: boolean;
  readonly apply: (database: DatabaseSync) => Outcome;
  readonly until: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Runs reads and writes in transactions: all that wait at the same moment share one. A commit costs
 * more than the few statements of one write, so what arrives together is also answered together.
 */
export class GroupCommit {
  readonly #database: () => DatabaseSync;
  #waiting: Waiting<unknown>[] = [];
  #running: Promise<void> | undefined;

  /** @param database gives the open database, or throws when it cannot be opened. */
  constructor(database: () => DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs one write within a transaction and resolves once that is committed. Writes run one after
   * the other: each sees what the ones before it did.
   */
  write<Outcome>(apply: (database: DatabaseSync) => Outcome): Promise<Outcome> {
    return this.#run(apply, false);
  }

  /** Runs a read in turn with the writes, so that it sees what the ones before it did. */
  read<Outcome>(apply: (database: DatabaseSync) => Outcome): Promise<Outcome> {
    return this.#run(apply, true);
  }

  #run<Outcome>(apply: (database: DatabaseSync) => Outcome, onlyReads: boolean): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const until = performance.now() + storeDeadline;
      this.#waiting.push({ apply, onlyReads, until, resolve: resolve as (outcome: unknown) => void, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    // Everything that the same turn of the event loop reads from its sockets joins the first
    // transaction.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      if (!this.#commit(group)) {
        this.#waiting = [...group.filter(stillInTime), ...this.#waiting];
        await delay(lockPause);
      }
    }
    this.#running = undefined;
  }

  /**
   * Says whether the group is settled; if not, another process holds the lock and nothing was
   * written.
   */
  #commit(group: readonly Waiting<unknown>[]): boolean {
    let database: DatabaseSync | undefined;
    let committing = false;
    try {
      database = this.#database();
      database.exec('BEGIN IMMEDIATE');
      const outcomes = group.map(({ apply }) => apply(database as DatabaseSync));
      committing = true;
      database.exec('COMMIT');
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index]);
      return true;
    } catch (cause) {
      if (database?.isTransaction) database.exec('ROLLBACK');
      if (isLocked(cause)) return false;
      const unavailable = new StoreUnavailableError('The embedded store failed.', { cause });
      const unknown = new OutcomeUnknownError('The embedded store failed to commit.', { cause });
      for (const { reject, onlyReads } of group) reject(committing && !onlyReads ? unknown : unavailable);
      return true;
    }
  }
}

function stillInTime({ until, reject }: Waiting<unknown>): boolean {
  const inTime = performance.now() < until;
  if (!inTime) reject(new StoreUnavailableError('The embedded store stayed locked by another process.'));
  return inTime;
}
