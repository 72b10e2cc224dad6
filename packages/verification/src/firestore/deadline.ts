import { AsyncLocalStorage } from 'node:async_hooks';
import { withTimeout } from '../with-timeout.ts';
import { isPermanent } from './refusal.ts';
import { statusCodes } from './status-codes.ts';

/** A record of what a Firestore operation may have written. */
export interface Progress {
  /**
   * Number of attempts to commit that may have been sent and that Firestore has not refused. Each
   * of them may have written. The client library repeats a commit whose response was lost, so a
   * refusal of the last attempt says nothing about the attempts before it.
   */
  unrefusedCommits: number;
}

/** A running Firestore operation. */
interface Operation {
  /**
   * Deadline in milliseconds of the monotonic clock. After the deadline, no request is sent for the
   * operation.
   */
  readonly until: number;
  /** Reason why the last failed attempt did not reach a server. */
  lastFailure: string | undefined;
  readonly progress: Progress;
}

const operations = new AsyncLocalStorage<Operation | undefined>();

interface Status {
  readonly code: number;
  readonly details: string;
}

/**
 * The members of `Metadata`, `InterceptingListener` and `InterceptingCall` from `@grpc/grpc-js` that
 * this module uses.
 */
interface Metadata {
  getMap(): Readonly<Record<string, unknown>>;
}
interface Listener {
  onReceiveMetadata?(metadata: unknown): void;
  onReceiveMessage?(message: unknown): void;
  onReceiveStatus?(status: Status & { readonly metadata: Metadata }): void;
}
interface Call {
  start(metadata: unknown, listener: Listener): void;
  cancelWithStatus(code: number, details: string): void;
}
type Interceptor = (options: unknown, next: (options: unknown) => Call) => Call;

interface CallProperties {
  readonly methodDefinition: { readonly path: string; readonly responseStream: boolean };
  readonly callOptions: { deadline?: Date | number; interceptors?: readonly unknown[] };
}

/** The method that all writes use, except those of a `BulkWriter`. */
const commitPath = '/google.firestore.v1.Firestore/Commit';

/**
 * The gRPC status codes of a commit that Firestore refused, and that wrote nothing. After any other
 * code, a commit that was sent may have been made.
 */
const refused: ReadonlySet<number> = new Set([
  statusCodes.invalidArgument,
  statusCodes.notFound,
  statusCodes.alreadyExists,
  statusCodes.permissionDenied,
  statusCodes.resourceExhausted,
  statusCodes.failedPrecondition,
  statusCodes.aborted,
  statusCodes.unimplemented,
  statusCodes.unauthenticated,
]);

/**
 * Matches the prefix that gRPC adds to the message of an error that occurred while obtaining
 * credentials.
 */
const fromCredentials = /^Getting metadata from plugin failed with error: /;

/**
 * Matches the details of the statuses that `@grpc/grpc-js` gives to attempts that it has not sent
 * and will not send: their credentials did not arrive, the name of the server was not resolved, or
 * no connection to it was established, either before the deadline or at all.
 *
 * "Deadline exceeded after …,waiting for metadata filters" is none of them: gRPC sends such an
 * attempt after it has reported the status. Neither is "Connection dropped", nor a deadline that was
 * exceeded after "previous attempts".
 */
const unsent = [
  fromCredentials,
  /^Name resolution failed for target /,
  /^No connection established/,
  /^Deadline exceeded after (?!.*previous attempts).*,(waiting for name resolution|Waiting for LB pick)$/,
];

/**
 * Matches the details of the statuses that gRPC derives from the way in which a stream was closed.
 * Their codes are those of {@link refused}, but Firestore may have executed the call.
 */
const closedStream = /^(Bandwidth exhausted or memory limit exceeded|Protocol not secure enough)$/;

/**
 * Returns the reason why an attempt did not reach a server. Returns undefined if the attempt
 * reached a server, because a server's error details may contain document names.
 */
function failureOf({ code, details }: Status): string | undefined {
  const isLocal = code === statusCodes.unavailable || fromCredentials.test(details);
  return isLocal ? details.replace(fromCredentials, '') : undefined;
}

/**
 * Reports whether the status of an attempt to commit proves that the attempt wrote nothing.
 *
 * @param isFromServer whether a server sent the status. A server chooses its details freely.
 */
function wroteNothing({ code, details }: Status, isFromServer: boolean): boolean {
  if (isFromServer) return refused.has(code);
  return (
    unsent.some((pattern) => pattern.test(details)) ||
    (refused.has(code) && !closedStream.test(details))
  );
}

/**
 * Creates an interceptor that records why the attempts of a call fail, and which attempts to commit
 * may have written. It sends no attempt after the deadline, and ends the retries of a read after a
 * permanent error.
 */
function watch(
  operation: Operation | undefined,
  { path, responseStream: isRead }: CallProperties['methodDefinition'],
  deadline: number,
): Interceptor {
  const isCommit = path === commitPath;
  return (options, next) => {
    const call = next(options);
    const start = call.start.bind(call);
    call.start = (metadata, listener) => {
      let answered = false;
      // gRPC ends an attempt whose deadline has already passed, but still sends its request.
      const isLate = Date.now() >= deadline;
      if (isLate) call.cancelWithStatus(statusCodes.deadlineExceeded, 'The time limit has passed.');
      const progress = isCommit && !isLate ? operation?.progress : undefined;
      if (progress !== undefined) progress.unrefusedCommits++;
      // gRPC calls the listener in the context of the call that opened the connection. The client
      // library repeats a call from there, so the next attempt would belong to another operation.
      const inOperation =
        <Value>(notify: (value: Value) => void) =>
        (value: Value) =>
          operations.run(operation, notify, value);
      start(metadata, {
        onReceiveMetadata: inOperation((received) => {
          answered = true;
          listener.onReceiveMetadata?.(received);
        }),
        onReceiveMessage: inOperation((message) => listener.onReceiveMessage?.(message)),
        onReceiveStatus: inOperation((status) => {
          if (operation !== undefined)
            operation.lastFailure = failureOf(status) ?? operation.lastFailure;
          // gRPC gives no metadata to a status of its own.
          const isFromServer = answered || Object.keys(status.metadata.getMap()).length > 0;
          if (progress !== undefined && wroteNothing(status, isFromServer))
            progress.unrefusedCommits--;
          // If a stream ends before its headers arrive, the library treats it as a lost connection
          // and retries it twice, whatever the status. Passing the metadata on as headers makes the
          // library read the status.
          if (isRead && !answered && isPermanent(status.code))
            listener.onReceiveMetadata?.(status.metadata);
          listener.onReceiveStatus?.(status);
        }),
      });
    };
    return call;
  };
}

/**
 * Applies the current operation's deadline to each attempt of a call, and records why attempts
 * fail.
 *
 * The client library retries a commit for up to ten minutes and has no setting to change that.
 * Without a deadline, a request that has already failed with 500 could still write its key when the
 * database recovers. Attempts after the deadline fail without being sent, which ends the retries. A
 * permanent error ends the retries of a read immediately.
 */
export function bindCall<Properties extends CallProperties>(call: Properties): Properties {
  const operation = operations.getStore();
  const { callOptions, methodDefinition } = call;
  // gRPC expects a wall-clock time, while `until` is a time of the monotonic clock.
  if (operation !== undefined)
    callOptions.deadline = Date.now() + operation.until - performance.now();
  const deadline = Number(callOptions.deadline ?? Number.POSITIVE_INFINITY);
  callOptions.interceptors = [
    ...(callOptions.interceptors ?? []),
    watch(operation, methodDefinition, deadline),
  ];
  return call;
}

/**
 * Milliseconds to wait beyond gRPC's deadline, so that gRPC's more specific error arrives first.
 */
const margin = 200;

/** The error for an operation that Firestore did not complete in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Runs a Firestore operation with a deadline. The deadline applies to all calls of the operation.
 * The returned promise rejects shortly after the deadline.
 *
 * @param milliseconds timeout of the operation. If zero or negative, no call is made.
 * @param progress records what the operation may have written. Only operations that write need it.
 * @throws {@link DeadlineError} if the deadline passes before the operation settles.
 */
export async function withDeadline<T>(
  milliseconds: number,
  run: () => Promise<T>,
  progress: Progress = { unrefusedCommits: 0 },
): Promise<T> {
  if (milliseconds <= 0) throw new DeadlineError('The time limit passed before the call was sent.');
  const until = performance.now() + milliseconds;
  const operation: Operation = { until, lastFailure: undefined, progress };
  const late = (options?: ErrorOptions) => {
    const { lastFailure } = operation;
    const reason = lastFailure === undefined ? '' : ` The last attempt failed: ${lastFailure}`;
    return new DeadlineError(`Firestore did not respond in time.${reason}`, options);
  };
  try {
    return await withTimeout(milliseconds + margin, operations.run(operation, run), late);
  } catch (error) {
    // The status of the last attempt does not tell why the attempts before it failed.
    const { code } = (error ?? {}) as { code?: unknown };
    throw code === statusCodes.deadlineExceeded ? late({ cause: error }) : error;
  }
}
