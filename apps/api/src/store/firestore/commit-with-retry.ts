import { setTimeout as delay } from 'node:timers/promises';
import { statusCodes } from '@andamio/verification/firestore/status-codes';
import type { WriteBatch } from '@google-cloud/firestore';

/**
 * The upper bound of the random pause between attempts, in milliseconds. It doubles with each
 * attempt, from `first` to `longest`.
 */
export const backoff = { first: 10, longest: 400 } as const;

/** The gRPC status codes of a commit that a precondition refused. */
const refusedByPrecondition: ReadonlySet<number> = new Set([
  statusCodes.notFound,
  statusCodes.alreadyExists,
  statusCodes.failedPrecondition,
  statusCodes.aborted,
]);

/** Reports whether a precondition refused a write. */
export const isRefusedByPrecondition = (error: unknown) =>
  refusedByPrecondition.has((error as { code?: unknown }).code as number);

/** Commits a batch. Returns false if a precondition refused it. */
async function commit(batch: WriteBatch): Promise<boolean> {
  try {
    await batch.commit();
    return true;
  } catch (error) {
    if (isRefusedByPrecondition(error)) return false;
    throw error;
  }
}

/**
 * The outcome of a decision, and the writes to commit. The preconditions of the writes fail if the
 * data has changed since it was read.
 */
interface Attempt<Outcome> {
  readonly outcome: Outcome;
  /** The writes. Omitted if there is nothing to write. */
  readonly writes?: WriteBatch;
}

/** A change that may conflict with changes by other processes. */
export interface OptimisticCommit<View, Outcome> {
  /**
   * A guess at the stored data, which replaces the first read. If the guess is wrong, the
   * preconditions of the commit fail, and the data is read.
   */
  readonly guess?: View | undefined;
  read(): Promise<View>;
  /**
   * Decides on the stored data. The client library repeats a commit whose response was lost. If
   * that commit succeeded, the preconditions refuse the retry. A view that contains an earlier
   * attempt of this change must therefore lead to the outcome of that attempt.
   */
  decide(view: View): Attempt<Outcome>;
}

/**
 * Reads the data, decides and commits. Repeats all three if another process changes the data in
 * between. If a decision on a guess writes nothing, the data is read and the decision is repeated.
 * The retries end with the deadline of the call (deadline.ts), which also tells whether a change
 * that failed may have been made.
 *
 * A commit to a missing database is refused with a code of a precondition too. The read that
 * follows is then refused as well, and ends the change.
 */
export async function commitWithRetry<View, Outcome>(
  change: OptimisticCommit<View, Outcome>,
): Promise<Outcome> {
  const { guess } = change;
  if (guess !== undefined) {
    const { outcome, writes } = change.decide(guess);
    if (writes !== undefined && (await commit(writes))) return outcome;
  }
  for (let pause: number = backoff.first; ; pause = Math.min(pause * 2, backoff.longest)) {
    const { outcome, writes } = change.decide(await change.read());
    if (writes === undefined) return outcome;
    if (await commit(writes)) return outcome;
    await delay(Math.random() * pause);
  }
}
