import { AsyncLocalStorage } from 'node:async_hooks';
import { within } from '../within.ts';
import { isPermanent } from './refusal.ts';

/** An operation under way. */
interface Operation {
  /** When nothing more may be sent on its behalf, milliseconds of the monotonic clock. */
  readonly until: number;
  /** What the last attempt that failed was told. */
  lastFailure: string | undefined;
}

const operations = new AsyncLocalStorage<Operation>();

interface Status {
  readonly code: number;
  readonly details: string;
}

/** What gRPC tells about a call: the parts used here of `InterceptingListener` and `InterceptingCall` of `@grpc/grpc-js`. */
interface Listener {
  onReceiveMetadata?(metadata: unknown): void;
  onReceiveStatus?(status: Status & { readonly metadata: unknown }): void;
}
interface Call {
  start(metadata: unknown, listener: Listener): void;
}
type Interceptor = (options: unknown, next: (options: unknown) => Call) => Call;

interface CallProperties {
  readonly methodDefinition: { readonly responseStream: boolean };
  readonly callOptions: { deadline?: Date | number; interceptors?: readonly unknown[] };
}

/** The status code of calls that reached no server, and how gRPC introduces what the credentials say. */
const unavailable = 14;
const fromCredentials = /^Getting metadata from plugin failed with error: /;

/** Returns why an attempt reached no server. Other details may name documents. */
function failureOf({ code, details }: Status): string | undefined {
  const isLocal = code === unavailable || fromCredentials.test(details);
  return isLocal ? details.replace(fromCredentials, '') : undefined;
}

/** Watches how each attempt of a call ends. */
function watch(operation: Operation | undefined, isRead: boolean): Interceptor {
  return (options, next) => {
    const call = next(options);
    const start = call.start.bind(call);
    call.start = (metadata, listener) => {
      let answered = false;
      start(metadata, {
        ...listener,
        onReceiveMetadata(received) {
          answered = true;
          listener.onReceiveMetadata?.(received);
        },
        onReceiveStatus(status) {
          if (operation !== undefined) operation.lastFailure = failureOf(status) ?? operation.lastFailure;
          // The library takes a stream that ends before its headers for a lost connection, and repeats it twice, whatever the
          // status says. Headers make it read the status.
          if (isRead && !answered && isPermanent(status.code)) listener.onReceiveMetadata?.(status.metadata);
          listener.onReceiveStatus?.(status);
        },
      });
    };
    return call;
  };
}

/**
 * Binds each attempt of a call to the operation that it is made for.
 *
 * An attempt gets the operation's deadline: the client library repeats a commit for up to ten minutes and has no setting for
 * that, so a request that was answered with 500 long ago would still write its key when the database is back. gRPC refuses an
 * attempt whose deadline has passed, which ends the repetition. A permanent answer to a read ends it at once.
 */
export function bindCall<Properties extends CallProperties>(call: Properties): Properties {
  const operation = operations.getStore();
  const { callOptions, methodDefinition } = call;
  // gRPC takes a time of day. What is left of the operation is measured by the clock that nobody sets.
  if (operation !== undefined) callOptions.deadline = Date.now() + operation.until - performance.now();
  callOptions.interceptors = [...(callOptions.interceptors ?? []), watch(operation, methodDefinition.responseStream)];
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
export async function withDeadline<T>(milliseconds: number, run: () => Promise<T>): Promise<T> {
  if (milliseconds <= 0) throw new DeadlineError('The time of the call ran out before its turn came.');
  const operation: Operation = { until: performance.now() + milliseconds, lastFailure: undefined };
  const late = () => {
    const { lastFailure } = operation;
    const reason = lastFailure === undefined ? '' : ` The last attempt failed: ${lastFailure}`;
    return new DeadlineError(`Firestore did not answer in time.${reason}`);
  };
  return within(milliseconds + margin, operations.run(operation, run), late);
}
