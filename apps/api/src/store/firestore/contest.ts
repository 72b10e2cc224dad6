import { setTimeout as delay } from 'node:timers/promises';
import type { WriteBatch } from '@google-cloud/firestore';
import { OutcomeUnknownError } from '../../keys/store.ts';
import { noteWrite, unavailable } from './deadline.ts';

/** Between attempts that other processes got ahead of: at first, and at most, in milliseconds; the real pause is random. */
const backoff = { first: 10, longest: 400 } as const;

/** gRPC's status codes (google.rpc.Code) that decide what a failed commit means. */
const refusedByPrecondition = new Set([5, 6, 9, 10]); // NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED
const nothingWritten = new Set([3, 7, 8, 12, 16]); // INVALID_ARGUMENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAUTHENTICATED

const codeOf = (error: unknown) => (error as { code?: unknown }).code;
const isFirestoreError = (error: unknown) => typeof codeOf(error) === 'number';

/** Says whether the writes were made; if not, a precondition refused them. */
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

/** An outcome, and the writes that it takes if it takes any: their preconditions hold while nothing has changed. */
export interface Decision<Outcome> {
  readonly outcome: Outcome;
  readonly writes?: WriteBatch;
}

/** A change that others may get ahead of. */
export interface Contest<View, Outcome> {
  /** What is stored, guessed without a read. A wrong guess costs the commit that its preconditions refuse. */
  readonly guess?: View;
  read(): Promise<View>;
  /**
   * Decides by what is stored. A commit is repeated when its answer is lost, and refused by what it wrote itself: a view
   * that shows an earlier decision of this contest made must lead to that decision's outcome.
   */
  decide(view: View): Decision<Outcome>;
}

/** Reads; whether it is known that nothing was written depends on whether writes were sent before. */
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
 * Decides and writes until nobody else got in between. The deadline of the call ends it (deadline.ts).
 *
 * @throws {@link StoreUnavailableError} or {@link OutcomeUnknownError}.
 */
export async function settle<View, Outcome>(contest: Contest<View, Outcome>): Promise<Outcome> {
  const { guess } = contest;
  let view = guess ?? (await readOrFail(contest.read, false));
  for (let pause: number = backoff.first; ; pause = Math.min(pause * 2, backoff.longest)) {
    const { outcome, writes } = contest.decide(view);
    if (writes === undefined || (await commit(writes))) return outcome;
    if (view !== guess) await delay(Math.random() * pause);
    view = await readOrFail(contest.read, true);
  }
}
