import { ApiError, type Client, createClient } from '@andamio/client';

/**
 * Returns the user's JWT, without `Bearer`; null if nobody is signed in. `refresh` is true after
 * the service has rejected the previous token, so a cached token must not be returned again.
 */
export type GetToken = (options: { readonly refresh: boolean }) => Promise<string | null>;

/** Thrown if there is no valid token for a request. */
export class SignedOut extends Error {}

/** Thrown if `getToken` rejects. */
export class TokenUnavailable extends Error {}

/** Thrown if `getToken` returns the token of another user than before. */
class OtherUser extends Error {}

/**
 * Returns the user that a token names, by its issuer and subject. Returns undefined for text that is
 * not a JWT, which the service rejects.
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

/**
 * Creates a function that calls operations of the service. It asks for the token before each
 * request, and for another one, once, if the service rejects it. `getToken` is not called again
 * while a call of it is pending.
 *
 * All calls are for one user, the user of the first token. A token of another user is never sent,
 * because the call is about a key of the first user, and both may have keys of the same name.
 *
 * @param onOtherUser called when `getToken` returns the token of another user.
 * @throws {TypeError} if no token may be sent to the base URL.
 */
export function createCall(baseUrl: string, getToken: GetToken, onOtherUser: () => void): Call {
  let pending: Promise<string> | undefined;
  let user: string | undefined;
  const ask = async (refresh: boolean): Promise<string> => {
    let token: string | null;
    try {
      token = await getToken({ refresh });
    } catch {
      throw new TokenUnavailable();
    }
    if (!token) throw new SignedOut();
    const tokenUser = userOf(token);
    user ??= tokenUser;
    if (tokenUser !== undefined && tokenUser !== user) {
      onOtherUser();
      throw new OtherUser();
    }
    return token;
  };
  const clientOf = (refresh: boolean) =>
    createClient({
      baseUrl,
      token: () => {
        pending ??= ask(refresh).finally(() => {
          pending = undefined;
        });
        return pending;
      },
      // The element retries by itself, because it shows that it is waiting and why.
      maxAttempts: 1,
    });
  const client = clientOf(false);
  const renewing = clientOf(true);
  const isRejected = (error: unknown) =>
    error instanceof ApiError && (error as ApiError).code === 'unauthenticated';
  return async (operation) => {
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
}

/** Maximum milliseconds for which a write without an answer is repeated. */
const patience = 30_000;

/** Milliseconds between two attempts of a write. */
const pause = 1_000;

const hasUnknownOutcome = (error: unknown): boolean => {
  if (!(error instanceof ApiError)) return false;
  const { code, status = 0 } = error as ApiError;
  return code === 'network' || code === 'timeout' || status >= 500;
};

/** Thrown if a write got no answer. The service may have made the change. */
export class OutcomeUnknown extends Error {
  override readonly cause: ApiError;

  constructor(cause: ApiError) {
    super();
    this.cause = cause;
  }
}

/**
 * Repeats a write until it is answered, for at most 30 seconds. The write must be safe to repeat.
 *
 * @param onRetry called before each retry.
 * @throws {OutcomeUnknown} if no attempt was answered.
 */
export async function untilAnswered<T>(
  write: () => Promise<T>,
  signal: AbortSignal,
  onRetry: () => void,
): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!hasUnknownOutcome(error)) throw error;
      if (signal.aborted || performance.now() + pause > end)
        throw new OutcomeUnknown(error as ApiError);
    }
    onRetry();
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
