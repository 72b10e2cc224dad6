import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';
import { within } from '../within.ts';
import { CredentialsError, statusCodes } from './refusal.ts';

/** How long a call waits for credentials before the client library tries again, in milliseconds. */
const patience = 1_500;

/** What google-auth-library throws, as far as it is known here. */
interface AuthError {
  readonly message?: unknown;
  /** An HTTP status of the token endpoint or the metadata server. */
  readonly status?: unknown;
  readonly code?: unknown;
  readonly cause?: { readonly code?: unknown };
  /** OAuth's error response (RFC 6749 section 5.2). */
  readonly response?: { readonly data?: { readonly error?: unknown } };
}

const systemCodeOf = ({ code, cause }: AuthError) =>
  [code, cause?.code].find((word): word is string => typeof word === 'string' && /^[A-Z][A-Za-z_]+$/.test(word));

/** Reports whether an error is that of a file: its message names the path and says nothing of the content. */
const isOfFile = (code: string) => /^E(NOENT|NOTDIR|ISDIR|ACCES|PERM|LOOP|NAMETOOLONG)$/.test(code);

/** Reports whether the token endpoint, or the way to it, failed; everything else stays until somebody changes something. */
function isTransient(error: AuthError): boolean {
  if (typeof error.status === 'number') return error.status === 429 || error.status >= 500;
  const code = systemCodeOf(error) ?? '';
  return /^(E(CONN|TIMEDOUT|HOST|NET|AI_AGAIN|PIPE|NOTFOUND)|UND_ERR|Timeout|Abort)/.test(code);
}

/**
 * Describes why there are no credentials. Messages about JSON quote what they could not read, and responses may hold tokens:
 * neither belongs in a log.
 */
function describe(error: AuthError): string {
  if (error instanceof SyntaxError) return 'the credentials file is not valid JSON.';
  if (typeof error.status === 'number') {
    const word = error.response?.data?.error;
    const reason = typeof word === 'string' && /^[a-z_]{1,40}$/.test(word) ? ` (${word})` : '';
    return `the token endpoint answered ${error.status}${reason}.`;
  }
  const code = systemCodeOf(error);
  if (code !== undefined && !isOfFile(code)) return `the token endpoint could not be reached (${code}).`;
  const [line = ''] = String(error.message ?? 'unknown error').split('\n');
  return `${line.slice(0, 200).trim().replace(/\.$/, '')}.`;
}

async function headersOf(client: Promise<AuthClient>, url?: string | URL): Promise<Headers> {
  const late = () =>
    new CredentialsError(`Google's credentials did not arrive within ${patience} ms.`, statusCodes.unavailable);
  const headers = client.then((found) => found.getRequestHeaders(url));
  try {
    return await within(patience, headers, late);
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    const cause = (error ?? {}) as AuthError;
    const code = isTransient(cause) ? statusCodes.unavailable : statusCodes.unauthenticated;
    throw new CredentialsError(`Google's credentials could not be obtained: ${describe(cause)}`, code);
  }
}

/** A client that looks for credentials with each call that needs some. */
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
 * Application default credentials that are looked for by the call that needs them, not while the client is made.
 *
 * The client library begins each call with `this.initialize().catch((err) => { throw err; })`: a promise that nobody holds.
 * If no credentials are found, its rejection ends the process, or, where somebody catches all of them, the client keeps the
 * rejected promise and fails until the process restarts. With these credentials `initialize` has no reason to fail: the call
 * ends with UNAUTHENTICATED or UNAVAILABLE, and the next one looks again.
 */
export class DeferredCredentials extends GoogleAuth {
  override async getClient(): ReturnType<GoogleAuth['getClient']> {
    return new DeferredClient(() => super.getClient()) as unknown as Awaited<ReturnType<GoogleAuth['getClient']>>;
  }

  /**
   * Looks for credentials ahead of a call.
   *
   * @throws {@link CredentialsError}
   */
  async check(): Promise<void> {
    await headersOf(super.getClient());
  }

  /** Names no universe, so that the library compares none while it makes a client. */
  override getUniverseDomain(): Promise<string> {
    return Promise.resolve('');
  }
}
