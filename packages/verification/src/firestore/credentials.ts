import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';
import { withTimeout } from '../with-timeout.ts';
import { CredentialsError } from './refusal.ts';
import { statusCodes } from './status-codes.ts';

/**
 * Time limit, in milliseconds, for obtaining the credentials of a call. If it is exceeded, the
 * attempt fails, and the client library retries the call.
 */
const credentialsTimeout = 1_500;

/** The properties of a google-auth-library error that this module uses. */
interface AuthError {
  readonly message?: unknown;
  /** HTTP status from the token endpoint or the metadata server. */
  readonly status?: unknown;
  readonly code?: unknown;
  readonly cause?: { readonly code?: unknown };
  /** OAuth error response (RFC 6749 section 5.2). */
  readonly response?: { readonly data?: { readonly error?: unknown } };
}

const systemCodeOf = ({ code, cause }: AuthError) =>
  [code, cause?.code].find(
    (word): word is string => typeof word === 'string' && /^[A-Z][A-Za-z_]+$/.test(word),
  );

/**
 * Reports whether an error code belongs to a file operation. The message of a file error names the
 * path but does not quote the file's content.
 */
const isFileError = (code: string) =>
  /^E(NOENT|NOTDIR|ISDIR|ACCES|PERM|LOOP|NAMETOOLONG)$/.test(code);

/**
 * Reports whether an error is transient: the token endpoint failed or could not be reached. All
 * other errors persist until the configuration changes.
 */
function isTransient(error: AuthError): boolean {
  if (typeof error.status === 'number') return error.status === 429 || error.status >= 500;
  const code = systemCodeOf(error) ?? '';
  return /^(E(CONN|TIMEDOUT|HOST|NET|AI_AGAIN|PIPE|NOTFOUND)|UND_ERR|Timeout|Abort)/.test(code);
}

/**
 * Explains why credentials could not be obtained. Omits JSON parser messages, which quote their
 * input, and responses, which may contain tokens.
 */
function describe(error: AuthError): string {
  if (error instanceof SyntaxError) return 'the credentials file is not valid JSON.';
  if (typeof error.status === 'number') {
    const word = error.response?.data?.error;
    const reason = typeof word === 'string' && /^[a-z_]{1,40}$/.test(word) ? ` (${word})` : '';
    return `the token endpoint answered ${error.status}${reason}.`;
  }
  const code = systemCodeOf(error);
  if (code !== undefined && !isFileError(code))
    return `the token endpoint could not be reached (${code}).`;
  const [line = ''] = String(error.message ?? 'unknown error').split('\n');
  return `${line.slice(0, 200).trim().replace(/\.$/, '')}.`;
}

async function headersOf(client: Promise<AuthClient>, url?: string | URL): Promise<Headers> {
  const late = () =>
    new CredentialsError(
      `Google's credentials did not arrive within ${credentialsTimeout} ms.`,
      statusCodes.unavailable,
    );
  const headers = client.then((found) => found.getRequestHeaders(url));
  try {
    return await withTimeout(credentialsTimeout, headers, late);
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    const cause = (error ?? {}) as AuthError;
    const code = isTransient(cause) ? statusCodes.unavailable : statusCodes.unauthenticated;
    throw new CredentialsError(
      `Google's credentials could not be obtained: ${describe(cause)}`,
      code,
    );
  }
}

/** An auth client that obtains credentials when a call needs them. */
class DeferredClient extends PassThroughClient {
  readonly #find: () => Promise<AuthClient>;

  constructor(find: () => Promise<AuthClient>) {
    super();
    this.#find = find;
  }

  override getRequestHeaders(url?: string | URL): Promise<Headers> {
    return headersOf(this.#find(), url);
  }
}

/**
 * Application Default Credentials that are obtained by the first call that needs them rather than
 * when the client is created.
 *
 * The client library starts each call with `this.initialize().catch((err) => { throw err; })`. No
 * code handles the resulting promise, so missing credentials would terminate the process. In a
 * process that ignores unhandled rejections, the client would keep the rejected promise and fail
 * until a restart.
 *
 * With this class, `initialize` succeeds. The call fails with UNAUTHENTICATED or UNAVAILABLE, and
 * the next call tries again.
 */
export class DeferredCredentials extends GoogleAuth {
  override async getClient(): ReturnType<GoogleAuth['getClient']> {
    return new DeferredClient(() => super.getClient()) as unknown as Awaited<
      ReturnType<GoogleAuth['getClient']>
    >;
  }

  /**
   * Obtains credentials before a call, to detect missing credentials early.
   *
   * @throws {@link CredentialsError}
   */
  async check(): Promise<void> {
    await headersOf(super.getClient());
  }

  /**
   * Returns an empty universe domain. The library would otherwise obtain credentials to compare
   * universe domains while it creates a client.
   */
  override getUniverseDomain(): Promise<string> {
    return Promise.resolve('');
  }
}
