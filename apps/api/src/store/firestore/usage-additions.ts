import { setTimeout as delay } from 'node:timers/promises';
import { monthOf } from '@andamio/keys/usage/calendar';
import { addToMonth, stateOf } from '@andamio/keys/usage/month';
import {
  AdditionForgottenError,
  type AddUsageCommand,
  type UsageTotals,
} from '@andamio/keys/usage/store';
import type { BulkWriter, BulkWriterError } from '@google-cloud/firestore';
import { backoff, isRefusedByPrecondition } from './commit-with-retry.ts';
import type { Database } from './database.ts';
import { isFirestoreError, outcomeUnknown, unavailable } from './deadline.ts';
import {
  completeMonth,
  type FoundMonth,
  type MonthKey,
  monthReference,
  totalsIn,
  writeMonth,
} from './usage-documents.ts';

/** Maximum number of additions in a group. */
const maximumGroup = 100;

/**
 * Maximum number of counts and last uses in a group, which bounds the size of a request. Each count
 * or last use takes about 100 bytes, and Firestore accepts 10 MiB.
 */
const maximumCounts = 2_000;

/**
 * An addition to an owner's stored usage, and the callbacks that settle the promise of its caller.
 */
interface Addition {
  readonly command: AddUsageCommand;
  /** Whether a write with the addition was sent. If so, the addition may have been made. */
  isSent: boolean;
  readonly resolve: (totals: UsageTotals) => void;
  readonly reject: (error: unknown) => void;
}

/** The additions to one usage document. */
interface Target extends MonthKey {
  readonly additions: readonly Addition[];
}

/** Splits additions into groups within {@link maximumGroup} and {@link maximumCounts}. */
function groupsOf(additions: readonly Addition[]): Addition[][] {
  const groups: Addition[][] = [];
  let group: Addition[] = [];
  let counts = 0;
  for (const addition of additions) {
    const { counts: ofNames, lastUses } = addition.command;
    const size = ofNames.size + lastUses.size;
    if (group.length === maximumGroup || (group.length > 0 && counts + size > maximumCounts)) {
      groups.push(group);
      [group, counts] = [[], 0];
    }
    group.push(addition);
    counts += size;
  }
  return [...groups, group];
}

function targetsOf(additions: Iterable<Addition>): Target[] {
  const byDocument = Map.groupBy(additions, ({ command: { userId, day } }) =>
    JSON.stringify([userId, monthOf(day)]),
  );
  return [...byDocument.values()].map((of) => {
    const { userId, day } = (of[0] as Addition).command;
    return { userId, month: monthOf(day), additions: of };
  });
}

/**
 * Additions to stored usage that are made together. One call reads their documents, and a bulk
 * writer writes each document independently. If another process has changed a document, only the
 * additions to that document are tried again.
 */
class Group {
  readonly #database: Database;
  readonly #pending: Set<Addition>;

  constructor(database: Database, additions: Iterable<Addition>) {
    this.#database = database;
    this.#pending = new Set(additions);
  }

  /** Makes all additions. Rejects if the documents cannot be read. */
  async run(): Promise<void> {
    for (let pause: number = backoff.first; ; pause = Math.min(pause * 2, backoff.longest)) {
      await this.#tryAll();
      if (this.#pending.size === 0) return;
      await delay(Math.random() * pause);
    }
  }

  async #tryAll(): Promise<void> {
    const { firestore } = this.#database;
    const targets = targetsOf(this.#pending);
    const snapshots = await firestore.getAll(
      ...targets.map((target) => monthReference(firestore, target)),
    );
    const found = await Promise.all(
      targets.map(async (target, index) => {
        try {
          return await completeMonth(
            firestore,
            target,
            snapshots[index] as (typeof snapshots)[number],
          );
        } catch (error) {
          this.#reject(target.additions, error);
          return undefined;
        }
      }),
    );
    const writer = firestore.bulkWriter({ throttling: false });
    writer.onWriteError(() => false); // A write is repeated only after its document is read again.
    const writes = targets.map((target, index) => {
      const month = found[index];
      return month && this.#add(writer, target, month);
    });
    await Promise.all([...writes, writer.close()]);
  }

  /**
   * Makes the additions to one document. The additions stay pending if another process has changed
   * the document.
   */
  async #add(writer: BulkWriter, target: Target, found: FoundMonth): Promise<void> {
    let month = found.content;
    const made: [Addition, UsageTotals][] = [];
    for (const addition of target.additions) {
      const { command, isSent } = addition;
      const isRepeated = command.isRepeated || isSent;
      const state = stateOf(month, { ...command, isRepeated }, month.erased);
      if (state === 'forgotten') this.#reject([addition], new AdditionForgottenError());
      if (state === 'new') month = addToMonth(month, command);
      if (state !== 'forgotten') made.push([addition, totalsIn(month, command.day)]);
    }
    const settle = () => {
      for (const [addition, totals] of made) {
        this.#pending.delete(addition);
        addition.resolve(totals);
      }
    };
    if (month === found.content) return settle();
    for (const [addition] of made) addition.isSent = true;
    try {
      await writeMonth(this.#database, writer, target, found, month);
      settle();
    } catch (error) {
      if (!isRefusedByPrecondition(error))
        this.#reject(
          made.map(([addition]) => addition),
          withoutDocument(error as BulkWriterError),
        );
    }
  }

  #reject(additions: readonly Addition[], error: unknown): void {
    for (const addition of additions) {
      this.#pending.delete(addition);
      addition.reject(failureOf(addition, error));
    }
  }
}

/**
 * Returns the error for an addition that failed. The client library may have repeated a write
 * before it failed, so the outcome of a sent addition is unknown, regardless of the last error.
 */
function failureOf({ isSent }: Addition, error: unknown): unknown {
  if (error instanceof AdditionForgottenError) return error;
  if (!isSent) return isFirestoreError(error) ? unavailable(error) : error;
  return outcomeUnknown(error);
}

/** Returns a copy of a writer's error, without its references to the document and the client. */
const withoutDocument = ({ code, message }: BulkWriterError) =>
  Object.assign(new Error(message), { code });

/** Runs a task with an open database within the deadline of a call. */
export type RunInTime = (task: (database: Database) => Promise<void>) => Promise<void>;

/**
 * Collects the additions to stored usage that are requested in one turn of the event loop, and
 * writes them in groups. One call for many owners costs less than one call for each owner.
 */
export class UsageAdditions {
  readonly #run: RunInTime;
  readonly #running = new Set<Promise<void>>();
  #waiting: Addition[] = [];

  constructor(run: RunInTime) {
    this.#run = run;
  }

  /** Adds requests to an owner's stored usage. Resolves to the owner's totals afterward. */
  add(command: AddUsageCommand): Promise<UsageTotals> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0)
        this.#track(new Promise(setImmediate).then(() => this.#send()));
      this.#waiting.push({ command, isSent: false, resolve, reject });
    });
  }

  /** Resolves when no addition is pending. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  #send(): void {
    const additions = this.#waiting;
    this.#waiting = [];
    for (const group of groupsOf(additions)) this.#track(this.#make(group));
  }

  async #make(additions: readonly Addition[]): Promise<void> {
    try {
      await this.#run((database) => new Group(database, additions).run());
    } catch (error) {
      // This has no effect on additions that have already settled.
      for (const addition of additions) addition.reject(failureOf(addition, error));
    }
  }
}
