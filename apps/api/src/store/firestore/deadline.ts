import { AsyncLocalStorage } from 'node:async_hooks';
import { OutcomeUnknownError, StoreUnavailableError, storeDeadline } from '@andamio/keys/store';
import {
  DeadlineError,
  withDeadline as runWithDeadline,
} from '@andamio/verification/firestore/deadline';
import {
  ConnectionSetupError,
  CredentialsError,
  explainRefusal,
} from '@andamio/verification/firestore/refusal';

/**
 * The state of the current operation, which records whether the operation has sent a write to
 * Firestore.
 */
const underWay = new AsyncLocalStorage<{ writeSent: boolean }>();

/**
 * Records that the current operation sends a write. If the operation fails afterward, its outcome
 * is unknown.
 */
export function noteWrite(): void {
  const operation = underWay.getStore();
  if (operation !== undefined) operation.writeSent = true;
}

/**
 * Returns the error for a call that failed before anything was written. The message tells operators
 * what to do.
 */
export function unavailable(cause: unknown): StoreUnavailableError {
  const message = explainRefusal(cause) ?? 'Firestore could not be reached.';
  // The message already contains everything that these causes say.
  const isTold = cause instanceof CredentialsError || cause instanceof ConnectionSetupError;
  return new StoreUnavailableError(message, isTold ? {} : { cause });
}

/** Reports whether an error has a gRPC status code, as the errors of the client library do. */
export const isFirestoreError = (error: unknown) =>
  typeof (error as { code?: unknown }).code === 'number';

/**
 * Runs an operation against Firestore with a deadline. Requests to Firestore carry the deadline,
 * and the operation is abandoned when it passes. A permanent error of a read ends the operation
 * immediately.
 *
 * @param milliseconds the time that is left for the operation. Zero or negative if it has run out.
 * @throws if time runs out or Firestore refuses a request: {@link OutcomeUnknownError} if a write
 *   was sent before, and {@link StoreUnavailableError} otherwise. Other errors of the operation are
 *   passed on.
 */
export async function withDeadline<T>(
  milliseconds: number,
  operation: () => Promise<T>,
): Promise<T> {
  const progress = { writeSent: false };
  try {
    return await runWithDeadline(milliseconds, () => underWay.run(progress, operation));
  } catch (error) {
    if (error instanceof DeadlineError) {
      throw progress.writeSent
        ? new OutcomeUnknownError('Firestore did not report the outcome of the write in time.', {
            cause: error,
          })
        : new StoreUnavailableError(error.message);
    }
    if (!isFirestoreError(error)) throw error;
    throw progress.writeSent
      ? new OutcomeUnknownError('Firestore did not report the outcome of the write.', {
          cause: error,
        })
      : unavailable(error);
  }
}

/** Runs an operation, or one step of a longer operation, within {@link storeDeadline}. */
export const withStoreDeadline = <T>(operation: () => Promise<T>) =>
  withDeadline(storeDeadline, operation);
