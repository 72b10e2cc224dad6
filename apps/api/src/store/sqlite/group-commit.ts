import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { OutcomeUnknownError, StoreUnavailableError, storeDeadline } from '@andamio/keys/store';

/** Milliseconds between attempts to acquire a lock that another process holds. */
const lockPause = 10;

/**
 * Reports whether an error is SQLITE_BUSY (5) or SQLITE_LOCKED (6). The primary code is the low
 * byte of the extended result code.
 */
function isLocked(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode ?? 0;
  return (code & 0xff) === 5 || (code & 0xff) === 6;
}

interface Waiting<Outcome> {
  /**
   * Whether the operation only reads. If the commit of such an operation fails, its outcome is
   * still known.
   */
  readonly onlyReads: boolean;
  readonly apply: (database: DatabaseSync) => Outcome;
  readonly until: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Runs reads and writes in transactions. Operations that wait at the same time share one
 * transaction, because a commit costs more than the few statements of an operation.
 */
export class GroupCommit {
  readonly #database: () => DatabaseSync;
  #waiting: Waiting<unknown>[] = [];
  #running: Promise<void> | undefined;

  /** @param database returns the open database, or throws if it cannot be opened. */
  constructor(database: () => DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs a write within a transaction and resolves once the transaction is committed. Writes run in
   * order, so that each sees the effects of all earlier writes.
   */
  write<Outcome>(apply: (database: DatabaseSync) => Outcome): Promise<Outcome> {
    return this.#run(apply, false);
  }

  /** Runs a read in order with the writes, so that it sees the effects of all earlier writes. */
  read<Outcome>(apply: (database: DatabaseSync) => Outcome): Promise<Outcome> {
    return this.#run(apply, true);
  }

  #run<Outcome>(apply: (database: DatabaseSync) => Outcome, onlyReads: boolean): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const until = performance.now() + storeDeadline;
      this.#waiting.push({
        apply,
        onlyReads,
        until,
        resolve: resolve as (outcome: unknown) => void,
        reject,
      });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when no operation is waiting. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    // Operations of all requests that arrive in the same turn of the event loop join the first
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
   * Commits a group of operations, and resolves or rejects each of them. If another process holds
   * the lock, does neither and returns false. Nothing is written in that case.
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
      for (const { reject, onlyReads } of group)
        reject(committing && !onlyReads ? unknown : unavailable);
      return true;
    }
  }
}

function stillInTime({ until, reject }: Waiting<unknown>): boolean {
  const inTime = performance.now() < until;
  if (!inTime)
    reject(new StoreUnavailableError('The embedded store stayed locked by another process.'));
  return inTime;
}
