import { AsyncLocalStorage } from 'node:async_hooks';

/** The instant, Unix milliseconds, after which nothing more may be sent on behalf of the operation under way. */
const operationDeadline = new AsyncLocalStorage<number>();

interface CallProperties {
  readonly callOptions: { deadline?: Date | number };
}

/**
 * Gives each attempt of a call the deadline of its operation. The client library repeats a commit for up to ten minutes and
 * has no setting for that: a request that was answered with 500 long ago would still write its key when the database is
 * back. gRPC refuses an attempt whose deadline has passed, which ends the repetition.
 */
export function applyDeadline<Properties extends CallProperties>(call: Properties): Properties {
  const deadline = operationDeadline.getStore();
  if (deadline !== undefined) call.callOptions.deadline = deadline;
  return call;
}

/** How much later than gRPC's deadline the wait ends, in milliseconds: gRPC's error says more, so it may come first. */
const margin = 200;

/** Firestore did not answer in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Runs an operation against Firestore: what it sends carries the deadline, and it is not waited for past that.
 *
 * @param milliseconds how long the operation may take; not positive if its time is up already.
 * @throws {@link DeadlineError} when time runs out, unless the operation itself knows better.
 */
export async function withDeadline<T>(milliseconds: number, operation: () => Promise<T>): Promise<T> {
  if (milliseconds <= 0) throw new DeadlineError('The time of the call ran out before its turn came.');
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new DeadlineError('Firestore did not answer in time.'));
  const timer = setTimeout(giveUp, milliseconds + margin);
  try {
    return await Promise.race([operationDeadline.run(Date.now() + milliseconds, operation), late]);
  } finally {
    clearTimeout(timer);
  }
}
