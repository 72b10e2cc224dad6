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
    return this.#run(apply, false, storeDeadline);
  }

  /**
   * Runs a read in order with the writes, so that it sees the effects of all earlier writes.
   *
   * @param milliseconds the maximum wait for a lock that another process holds.
   */
  read<Outcome>(
    apply: (database: DatabaseSync) => Outcome,
    milliseconds = storeDeadline,
  ): Promise<Outcome> {
    return this.#run(apply, true, milliseconds);
  }

  #run<Outcome>(
    apply: (database: DatabaseSync) => Outcome,
    onlyReads: boolean,
    milliseconds: number,
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const until = performance.now() + milliseconds;
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
      const locked = this.#commit(group);
      if (locked.length > 0) {
        this.#waiting = [...locked.filter(stillInTime), ...this.#waiting];
        await delay(lockPause);
      }
    }
    this.#running = undefined;
  }

  /**
   * Commits a group of operations, and resolves or rejects each of them. If one of several
   * operations fails, each is committed alone, so that the failure affects no other operation.
   * Returns the operations that could not run because another process holds the lock. They have
   * written nothing and are neither resolved nor rejected.
   */
  #commit(group: readonly Waiting<unknown>[]): readonly Waiting<unknown>[] {
    let database: DatabaseSync | undefined;
    let step: Step = 'begin';
    try {
      database = this.#database();
      rollBack(database); // The last transaction is still open if its rollback failed.
      database.exec('BEGIN IMMEDIATE');
      step = 'apply';
      const outcomes = group.map(({ apply }) => apply(database as DatabaseSync));
      step = 'commit';
      database.exec('COMMIT');
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index]);
      return [];
    } catch (cause) {
      let isUndone = true;
      try {
        if (database !== undefined) rollBack(database);
      } catch {
        isUndone = false; // The next transaction rolls back first. Closing the database does so too.
      }
      if (isLocked(cause)) return group;
      // On a full disk, a read succeeds alone although a write of the same group cannot be committed.
      const canRunAgain = step === 'apply' || (step === 'commit' && isUndone);
      if (canRunAgain && group.length > 1) return this.#commitEach(group);
      for (const { reject, onlyReads } of group) reject(errorOf(cause, { step, onlyReads }));
      return [];
    }
  }

  /**
   * Commits each operation alone, in order. If another process holds the lock, stops and returns
   * all operations that are not committed yet.
   */
  #commitEach(operations: readonly Waiting<unknown>[]): readonly Waiting<unknown>[] {
    const locked = operations.findIndex((operation) => this.#commit([operation]).length > 0);
    return locked < 0 ? [] : operations.slice(locked);
  }
}

/** Rolls back the open transaction, if there is one. */
function rollBack(database: DatabaseSync): void {
  if (database.isTransaction) database.exec('ROLLBACK');
}

/** A step of a transaction. */
type Step = 'begin' | 'apply' | 'commit';

interface Failure {
  /** The step that failed. */
  readonly step: Step;
  readonly onlyReads: boolean;
}

/**
 * Returns the error with which an operation rejects. An error that the operation's own code threw
 * is passed on.
 */
function errorOf(cause: unknown, { step, onlyReads }: Failure): Error {
  const isOwn = step === 'apply' && (cause as { errcode?: number }).errcode === undefined;
  if (isOwn && cause instanceof Error) return cause;
  return step === 'commit' && !onlyReads
    ? new OutcomeUnknownError('The embedded store failed to commit.', { cause })
    : new StoreUnavailableError('The embedded store failed.', { cause });
}

function stillInTime({ until, reject }: Waiting<unknown>): boolean {
  const inTime = performance.now() < until;
  if (!inTime)
    reject(new StoreUnavailableError('The embedded store stayed locked by another process.'));
  return inTime;
}
