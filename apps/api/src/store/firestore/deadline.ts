import { DeadlineError, withDeadline as runWithDeadline } from '@andamio/verification/firestore/deadline';
import { StoreUnavailableError, storeDeadline } from '../../keys/store.ts';

/**
 * Runs an operation against Firestore: what it sends carries the deadline, and it is not waited for past that.
 *
 * @param milliseconds how long the operation may take; not positive if its time is up already.
 * @throws {@link StoreUnavailableError} when time runs out, unless the operation itself knows better.
 */
export async function withDeadline<T>(milliseconds: number, operation: () => Promise<T>): Promise<T> {
  try {
    return await runWithDeadline(milliseconds, operation);
  } catch (error) {
    throw error instanceof DeadlineError ? new StoreUnavailableError(error.message) : error;
  }
}

/** Runs an operation, or one step of a longer one, within the time that a call to a store may take. */
export const withStoreDeadline = <T>(operation: () => Promise<T>) => withDeadline(storeDeadline, operation);
