import { AsyncLocalStorage } from 'node:async_hooks';
import { withTimeout } from '../with-timeout.ts';
import { isPermanent } from './refusal.ts';

/** A running operation. */
interface Operation {
  /**
   * Deadline in milliseconds of the monotonic clock. No request is sent for the operation after it.
   */
  readonly until: number;
  /** Why the last failed attempt reached no server. */
  lastFailure: string | undefined;
}

const operations = new AsyncLocalStorage<Operation>();

interface Status {
  readonly code: number;
  readonly details: string;
}

/** The members used here of `InterceptingListener` and `InterceptingCall` of `@grpc/grpc-js`. */
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

/** gRPC status code of calls that reached no server. */
const unavailable = 14;
/** Prefix that gRPC puts before an error of the credentials. */
const fromCredentials = /^Getting metadata from plugin failed with error: /;

/**
 * Returns why an attempt reached no server, or undefined if it reached one: a server's details may
 * name documents.
 */
function failureOf({ code, details }: Status): string | undefined {
  const isLocal = code === unavailable || fromCredentials.test(details);
  return isLocal ? details.replace(fromCredentials, '') : undefined;
}

/** Creates an interceptor that records how each attempt of a call ends. */
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
          // The library treats a stream that ends before its headers as a lost connection and
          // retries it twice, whatever the status. Once it has headers, it reads the status.
          if (isRead && !answered && isPermanent(status.code)) listener.onReceiveMetadata?.(status.metadata);
          listener.onReceiveStatus?.(status);
        },
      });
    };
    return call;
  };
}

/**
 * Binds each attempt of a call to its operation.
 *
 * An attempt gets the operation's deadline. The client library retries a commit for up to ten
 * minutes and has no setting for that: a request that was answered with 500 long ago would still
 * write its key once the database is back. gRPC rejects an attempt whose deadline has passed, which
 * ends the retries. A permanent error of a read ends it at once.
 */
export function bindCall<Properties extends CallProperties>(call: Properties): Properties {
  const operation = operations.getStore();
  const { callOptions, methodDefinition } = call;
  // gRPC takes a wall-clock time. The remaining time is measured by the monotonic clock.
  if (operation !== undefined) callOptions.deadline = Date.now() + operation.until - performance.now();
  callOptions.interceptors = [...(callOptions.interceptors ?? []), watch(operation, methodDefinition.responseStream)];
  return call;
}

/**
 * Milliseconds by which the wait outlasts gRPC's deadline, so that gRPC's more precise error
 * arrives first.
 */
const margin = 200;

/** Firestore did not respond in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Runs an operation against Firestore. Its calls carry the deadline, and the returned promise
 * rejects shortly after it.
 *
 * @param milliseconds time limit of the operation; zero or less if it has passed already.
 * @throws {@link DeadlineError} if the time limit passes, unless the operation rejects first.
 */
export async function withDeadline<T>(milliseconds: number, run: () => Promise<T>): Promise<T> {
  if (milliseconds <= 0) throw new DeadlineError('The time limit passed before the call was sent.');
  const operation: Operation = { until: performance.now() + milliseconds, lastFailure: undefined };
  const late = () => {
    const { lastFailure } = operation;
    const reason = lastFailure === undefined ? '' : ` The last attempt failed: ${lastFailure}`;
    return new DeadlineError(`Firestore did not respond in time.${reason}`);
  };
  return withTimeout(milliseconds + margin, operations.run(operation, run), late);
}
