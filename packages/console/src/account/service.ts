import { ApiError, type Client, createClient } from '@andamio/client';
import { serviceTime } from './service-time.ts';

/**
 * Returns the user's JWT, without `Bearer`. Returns null if no user is signed in. `refresh` is true
 * if the service has rejected the previous token. The function must then get a new token, not
 * return a cached one.
 */
export type GetToken = (options: { readonly refresh: boolean }) => Promise<string | null>;

/** Thrown if there is no valid token for a request. */
export class SignedOut extends Error {}

/** Thrown if `getToken` rejects. */
export class TokenUnavailable extends Error {}

/** Thrown if `getToken` returns the token of a different user than before. */
class OtherUser extends Error {}

/**
 * Returns text that identifies the user of a token: the issuer and the subject. Returns undefined
 * for text that is not a JWT. The service rejects such text.
 */
function userOf(token: string): string | undefined {
  const [, payload = ''] = token.split('.');
  try {
    const { iss, sub } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return JSON.stringify([iss, sub]);
  } catch {
    return undefined;
  }
}

/** Calls an operation of the service with a valid token. */
export type Call = <T>(operation: (client: Client) => Promise<T>) => Promise<T>;

/** The connection of one user to the service. */
export interface Connection {
  readonly call: Call;
  /**
   * Asks `getToken` for a token after `getToken` was replaced. Errors are ignored, because the next
   * request meets them too.
   *
   * @returns true if the token is new: the replaced function did not return it.
   */
  readonly checkToken: () => Promise<boolean>;
  /**
   * Returns the current time of the service in Unix milliseconds, according to its newest answer.
   * Before the first answer, returns the browser's time, which may be wrong.
   */
  readonly now: () => number;
  /**
   * Returns text that identifies the user: the issuer and the subject. Undefined before the first
   * token, and if the token is not a JWT.
   */
  readonly user: () => string | undefined;
}

/** Functions that are called when `getToken` returns another token than before. */
export interface TokenHandlers {
  /** Called when `getToken` returns another token of the same user. */
  readonly onNewToken?: () => void;
  /** Called when `getToken` returns the token of another user. */
  readonly onOtherUser: () => void;
}

/**
 * The largest difference between the clocks of service and browser, in milliseconds, that is
 * ignored. Answers tell the time only to within two seconds.
 */
const toleratedSkew = 3_000;

/**
 * Creates a connection whose calls ask `getToken` for a token before each request. If the service
 * rejects the token, a call gets a new token and repeats the operation once. Concurrent requests
 * share a pending call to `getToken`. A request whose token was rejected shares only a call that
 * gets a new token.
 *
 * All operations are for the user of the first token. The token of another user is never sent,
 * because the operation may concern a key of the first user, and the other user may have a key with
 * the same name.
 *
 * @param current returns the page's `getToken`. The page may replace it at any time. A function
 *   that was replaced while it was pending counts only if it returns a token of the same user.
 *   Otherwise the new function is asked.
 * @throws {TypeError} if no token may be sent to the base URL.
 */
export function createConnection(
  baseUrl: string,
  current: () => GetToken | undefined,
  { onNewToken = () => {}, onOtherUser }: TokenHandlers,
): Connection {
  /** The pending calls to `getToken`, by the value of `refresh`. */
  const pending = new Map<boolean, Promise<string>>();
  let user: string | undefined;
  let lastToken: string | undefined;
  const ask = async (refresh: boolean): Promise<string> => {
    const getToken = current();
    let token: string | null | undefined;
    let isUnavailable = false;
    try {
      token = await getToken?.({ refresh });
    } catch {
      isUnavailable = true;
    }
    const tokenUser = token ? userOf(token) : undefined;
    const isOther = user !== undefined && tokenUser !== undefined && tokenUser !== user;
    if ((!token || isOther) && getToken !== current()) return ask(refresh);
    if (isUnavailable) throw new TokenUnavailable();
    if (!token) throw new SignedOut();
    if (isOther) {
      onOtherUser();
      throw new OtherUser();
    }
    user ??= tokenUser;
    const isNew = lastToken !== undefined && token !== lastToken;
    lastToken = token;
    if (isNew) onNewToken();
    return token;
  };
  const tokenOf = (refresh: boolean): Promise<string> => {
    const shared = pending.get(true) ?? pending.get(refresh);
    if (shared !== undefined) return shared;
    const asked = ask(refresh).finally(() => pending.delete(refresh));
    pending.set(refresh, asked);
    return asked;
  };
  let isChecking = false;
  const checkToken = async (): Promise<boolean> => {
    // The check that is running asks the newest function too.
    if (isChecking) return false;
    isChecking = true;
    const before = lastToken;
    let asked: GetToken | undefined;
    do {
      asked = current();
      await ask(false).catch(() => {});
    } while (asked !== current());
    isChecking = false;
    return lastToken !== before;
  };
  /** Milliseconds by which the service's clock is ahead of the browser's. */
  let ahead = 0;
  const clientOf = (refresh: boolean) =>
    createClient({
      baseUrl,
      token: () => tokenOf(refresh),
      // The element retries by itself, because it shows that it is waiting and why.
      maxAttempts: 1,
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const skew = (serviceTime(response.headers) ?? Date.now() + ahead) - Date.now();
        if (Math.abs(skew - ahead) > toleratedSkew) ahead = skew;
        return response;
      },
    });
  const client = clientOf(false);
  const renewing = clientOf(true);
  const isRejected = (error: unknown) =>
    error instanceof ApiError && (error as ApiError).code === 'unauthenticated';
  const call: Call = async (operation) => {
    try {
      return await operation(client);
    } catch (error) {
      if (!isRejected(error)) throw error;
    }
    try {
      return await operation(renewing);
    } catch (error) {
      throw isRejected(error) ? new SignedOut() : error;
    }
  };
  return { call, checkToken, now: () => Date.now() + ahead, user: () => user };
}

/** Time, in milliseconds, during which a write that receives no answer is repeated. */
const patience = 30_000;

/** Milliseconds between two attempts at a write. */
const pause = 1_000;

/** Reports whether an attempt at a write received no answer. A status of 5xx is no answer. */
const isUnanswered = (error: unknown): boolean => {
  if (!(error instanceof ApiError)) return false;
  const { code, status = 0 } = error as ApiError;
  return code === 'network' || code === 'timeout' || status >= 500;
};

/** Thrown if a write received no answer, and the service may have made the change. */
export class OutcomeUnknown extends Error {
  override readonly cause: ApiError;

  constructor(cause: ApiError) {
    super();
    this.cause = cause;
  }
}

/**
 * Repeats a write until the service answers it, for at most 30 seconds. A response with status 5xx
 * does not count as an answer. The write must be safe to repeat.
 *
 * @param signal stops the retries.
 * @param onRetry called before each retry.
 * @throws {OutcomeUnknown} if no attempt received an answer, and the change may have been made.
 * @throws {ApiError} any other error of the last attempt.
 */
export async function untilAnswered<T>(
  write: () => Promise<T>,
  signal: AbortSignal,
  onRetry: () => void,
): Promise<T> {
  const end = performance.now() + patience;
  let mayBeMade = false;
  for (;;) {
    let cause: ApiError;
    try {
      return await write();
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      cause = error as ApiError;
    }
    mayBeMade ||= cause.mayHaveBeenProcessed;
    const failure = mayBeMade ? new OutcomeUnknown(cause) : cause;
    if (signal.aborted || performance.now() + pause > end) throw failure;
    onRetry();
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (signal.aborted) throw failure;
  }
}
