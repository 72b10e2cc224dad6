import { setTimeout as delay } from 'node:timers/promises';
import { OutcomeUnknownError } from '@andamio/keys/store';
import type { WriteBatch } from '@google-cloud/firestore';
import { noteWrite, unavailable } from './deadline.ts';

/**
 * The upper bound of the random pause between attempts, in milliseconds. It doubles with each
 * attempt, from `first` to `longest`.
 */
export const backoff = { first: 10, longest: 400 } as const;

/**
 * The gRPC status codes (google.rpc.Code) of a commit that a precondition refused: NOT_FOUND,
 * ALREADY_EXISTS, FAILED_PRECONDITION and ABORTED.
 */
const refusedByPrecondition = new Set([5, 6, 9, 10]);
/**
 * The gRPC status codes of a commit that failed for another reason and wrote nothing:
 * INVALID_ARGUMENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED and UNAUTHENTICATED.
 */
const nothingWritten = new Set([3, 7, 8, 12, 16]);

const codeOf = (error: unknown) => (error as { code?: unknown }).code;

/** Reports whether a precondition refused a write. */
export const isRefusedByPrecondition = (error: unknown) =>
  refusedByPrecondition.has(codeOf(error) as number);

/** Commits a batch. Returns false if a precondition refused it. */
async function commit(batch: WriteBatch): Promise<boolean> {
  noteWrite();
  try {
    await batch.commit();
    return true;
  } catch (cause) {
    if (isRefusedByPrecondition(cause)) return false;
    if (nothingWritten.has(codeOf(cause) as number)) throw unavailable(cause);
    throw new OutcomeUnknownError('Firestore did not confirm the write.', { cause });
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
 * The retries end with the deadline of the call (deadline.ts).
 *
 * @throws {@link StoreUnavailableError} or {@link OutcomeUnknownError}.
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
