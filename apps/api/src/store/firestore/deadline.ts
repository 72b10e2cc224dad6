import { AsyncLocalStorage } from 'node:async_hooks';
import { DeadlineError, withDeadline as runWithDeadline } from '@andamio/verification/firestore/deadline';
import { ConnectionSetupError, CredentialsError, explainRefusal } from '@andamio/verification/firestore/refusal';
import { OutcomeUnknownError, StoreUnavailableError, storeDeadline } from '../../keys/store.ts';

/** Whether the operation under way has told Firestore to write. */
const underWay = new AsyncLocalStorage<{ writeSent: boolean }>();

/**
 * Notes that the operation under way sends a write: from now on nobody can say that nothing was
 * written.
 */
export function noteWrite(): void {
  const operation = underWay.getStore();
  if (operation !== undefined) operation.writeSent = true;
}

/**
 * Returns the error for a call that failed before anything was written. Its message says what an
 * operator can do.
 */
export function unavailable(cause: unknown): StoreUnavailableError {
  const message = explainRefusal(cause) ?? 'Firestore could not be reached.';
  // These explanations repeat all that the cause says.
  const isTold = cause instanceof CredentialsError || cause instanceof ConnectionSetupError;
  return new StoreUnavailableError(message, isTold ? {} : { cause });
}

const isFirestoreError = (error: unknown) => typeof (error as { code?: unknown }).code === 'number';

/**
 * Runs an operation against Firestore: what it sends carries the deadline, and it is not waited for
 * past that. A permanent answer to a read ends it at once.
 *
 * @param milliseconds how long the operation may take; not positive if its time is up already.
 * @throws when time runs out or Firestore refuses, unless the operation itself knows better: {@link
 *   StoreUnavailableError} where it sent no write, else {@link OutcomeUnknownError}.
 */
export async function withDeadline<T>(milliseconds: number, operation: () => Promise<T>): Promise<T> {
  const progress = { writeSent: false };
  try {
    return await runWithDeadline(milliseconds, () => underWay.run(progress, operation));
  } catch (error) {
    if (error instanceof DeadlineError) {
      throw progress.writeSent
        ? new OutcomeUnknownError('Firestore did not say in time what became of the write.', { cause: error })
        : new StoreUnavailableError(error.message);
    }
    if (!isFirestoreError(error)) throw error;
    throw progress.writeSent
      ? new OutcomeUnknownError('Firestore did not say what became of the write.', { cause: error })
      : unavailable(error);
  }
}

/**
 * Runs an operation, or one step of a longer one, within the time that a call to a store may take.
 */
export const withStoreDeadline = <T>(operation: () => Promise<T>) => withDeadline(storeDeadline, operation);
