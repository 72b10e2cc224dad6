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
 * Returns the error for a call that failed and wrote nothing. The message tells operators what to
 * do.
 */
export function unavailable(cause: unknown): StoreUnavailableError {
  const message = explainRefusal(cause) ?? 'Firestore could not be reached.';
  // The message already contains everything that these causes say.
  const isRedundant = cause instanceof CredentialsError || cause instanceof ConnectionSetupError;
  return new StoreUnavailableError(message, isRedundant ? {} : { cause });
}

/** Reports whether an error has a gRPC status code, as the errors of the client library do. */
export const isFirestoreError = (error: unknown) =>
  typeof (error as { code?: unknown }).code === 'number';

/**
 * Returns the error for a write that failed and may have been made. The message tells operators
 * what to do.
 */
export function outcomeUnknown(cause: unknown): OutcomeUnknownError {
  const message = explainRefusal(cause) ?? 'Firestore did not confirm the write.';
  return new OutcomeUnknownError(message, { cause });
}

/**
 * Runs an operation against Firestore with a deadline. Requests to Firestore carry the deadline,
 * and the operation is abandoned when it passes. A permanent error of a read ends the operation
 * immediately.
 *
 * @param milliseconds the time that is left for the operation. Zero or negative if it has run out.
 * @throws if time runs out or Firestore refuses a request: {@link OutcomeUnknownError} if a commit
 *   was sent that Firestore did not refuse, and {@link StoreUnavailableError} otherwise. Other
 *   errors of the operation are passed on.
 */
export async function withDeadline<T>(
  milliseconds: number,
  operation: () => Promise<T>,
): Promise<T> {
  const progress = { unrefusedCommits: 0 };
  try {
    return await runWithDeadline(milliseconds, operation, progress);
  } catch (error) {
    const mayHaveWritten = progress.unrefusedCommits > 0;
    if (error instanceof DeadlineError) {
      throw mayHaveWritten
        ? new OutcomeUnknownError('Firestore did not report the outcome of the write in time.', {
            cause: error,
          })
        : new StoreUnavailableError(error.message, 'cause' in error ? { cause: error.cause } : {});
    }
    if (!isFirestoreError(error)) throw error;
    throw mayHaveWritten ? outcomeUnknown(error) : unavailable(error);
  }
}

/** Runs an operation, or one step of a longer operation, within {@link storeDeadline}. */
export const withStoreDeadline = <T>(operation: () => Promise<T>) =>
  withDeadline(storeDeadline, operation);
