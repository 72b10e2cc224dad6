import { setTimeout as delay } from 'node:timers/promises';
import type { WriteBatch } from '@google-cloud/firestore';
import { OutcomeUnknownError } from '../../keys/store.ts';
import { noteWrite, unavailable } from './deadline.ts';

/** The pause between attempts, in milliseconds: at first, and at most; the real pause is random. */
const backoff = { first: 10, longest: 400 } as const;

/** gRPC's status codes (google.rpc.Code) that decide what a failed commit means. */
const refusedByPrecondition = new Set([5, 6, 9, 10]); // NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED
const nothingWritten = new Set([3, 7, 8, 12, 16]); // INVALID_ARGUMENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAUTHENTICATED

const codeOf = (error: unknown) => (error as { code?: unknown }).code;
const isFirestoreError = (error: unknown) => typeof codeOf(error) === 'number';

/** Returns whether the writes were made; if not, a precondition refused them. */
async function commit(batch: WriteBatch): Promise<boolean> {
  noteWrite();
  try {
    await batch.commit();
    return true;
  } catch (cause) {
    const code = codeOf(cause) as number;
    if (refusedByPrecondition.has(code)) return false;
    if (nothingWritten.has(code)) throw unavailable(cause);
    throw new OutcomeUnknownError('Firestore did not confirm the write.', { cause });
  }
}

/**
 * An outcome, and the writes that lead to it: their preconditions hold while nothing has changed.
 */
interface Attempt<Outcome> {
  readonly outcome: Outcome;
  /** Omitted if there is nothing to write. */
  readonly writes?: WriteBatch;
}

/** A change that competes with other processes. */
export interface OptimisticCommit<View, Outcome> {
  /** A guess at what is stored. A wrong one costs the commit that its preconditions refuse. */
  readonly guess?: View | undefined;
  read(): Promise<View>;
  /**
   * Decides by what is stored. The client library repeats a commit whose answer was lost, and the
   * commit's own effect then refuses it: a view that shows an earlier attempt of this change as
   * made must lead to the outcome of that attempt.
   */
  decide(view: View): Attempt<Outcome>;
}

/** Reads; after a write was sent, a failure leaves its outcome unknown. */
async function readOrFail<View>(read: () => Promise<View>, writesSent: boolean): Promise<View> {
  try {
    return await read();
  } catch (cause) {
    if (!isFirestoreError(cause)) throw cause;
    throw writesSent
      ? new OutcomeUnknownError('Firestore did not say what became of the write.', { cause })
      : unavailable(cause);
  }
}

/**
 * Decides and commits until no other process changes anything in between. A guess that leads to no
 * write is read about as well. The deadline of the call ends it (deadline.ts).
 *
 * @throws {@link StoreUnavailableError} or {@link OutcomeUnknownError}.
 */
export async function commitWithRetry<View, Outcome>(change: OptimisticCommit<View, Outcome>): Promise<Outcome> {
  const { guess } = change;
  let writesSent = false;
  if (guess !== undefined) {
    const { outcome, writes } = change.decide(guess);
    writesSent = writes !== undefined;
    if (writes !== undefined && (await commit(writes))) return outcome;
  }
  for (let pause: number = backoff.first; ; pause = Math.min(pause * 2, backoff.longest)) {
    const { outcome, writes } = change.decide(await readOrFail(change.read, writesSent));
    if (writes === undefined) return outcome;
    writesSent = true;
    if (await commit(writes)) return outcome;
    await delay(Math.random() * pause);
  }
}
