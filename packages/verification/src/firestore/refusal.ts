/** A permanent answer of Firestore's: what it means and what an operator does about it. */
interface Refusal {
  readonly name: string;
  readonly meaning: string;
}

/**
 * gRPC status codes (google.rpc.Code) that the same call will get again until somebody changes something; the others may pass
 * (https://cloud.google.com/firestore/docs/understand-error-codes).
 */
const refusals: Readonly<Record<number, Refusal>> = {
  3: {
    name: 'INVALID_ARGUMENT',
    meaning: 'Check the project id and the database id.',
  },
  5: {
    name: 'NOT_FOUND',
    meaning: 'The database does not exist. Check the project id and the database id, or create the database.',
  },
  7: {
    name: 'PERMISSION_DENIED',
    meaning:
      'Grant the identity roles/datastore.user in the project (roles/datastore.viewer to a guard), and enable firestore.googleapis.com there.',
  },
  9: {
    name: 'FAILED_PRECONDITION',
    meaning:
      'The database is in Datastore mode, or an index is missing. Use a database in Native mode, and deploy its indexes.',
  },
  12: {
    name: 'UNIMPLEMENTED',
    meaning: 'What answers is not Firestore. Check the address, the emulator or the proxy.',
  },
  16: {
    name: 'UNAUTHENTICATED',
    meaning:
      'Run `gcloud auth application-default login`, or give the process an identity: a service account, or GOOGLE_APPLICATION_CREDENTIALS.',
  },
};

/** The gRPC status codes of calls without credentials: the library repeats a call after the first, not after the second. */
export const statusCodes = { unavailable: 14, unauthenticated: 16 } as const;

/** Google's credentials could not be obtained. The message holds nothing of them. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  /** The gRPC status code that a call ends with for it. */
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** The client library could not make a connection: an environment variable that it reads is wrong. */
export class ConnectionSetupError extends Error {
  override readonly name = 'ConnectionSetupError';
  /** A code that says that nothing was sent, and that the same call fails until somebody changes something. */
  readonly code = statusCodes.unauthenticated;

  /** @param reason what the library threw. Files are named, never their content. */
  constructor(reason: unknown) {
    const [line = ''] = String((reason as Error | undefined)?.message ?? reason).split('\n');
    super(
      `The connection to Firestore could not be set up: ${line.slice(0, 200)}. Check the variables ` +
        'GOOGLE_API_USE_CLIENT_CERTIFICATE, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH and GRPC_SSL_CIPHER_SUITES.',
    );
  }
}

const codeOf = (error: unknown) => (error as { code?: unknown } | null | undefined)?.code;

/** Reports whether a gRPC status code is permanent. */
export const isPermanent = (code: number): boolean => code in refusals;

function explainCredentials({ message, code }: CredentialsError): string {
  const retried = 'Check the metadata server or the token endpoint; the next call tries again.';
  return `${message} ${code === statusCodes.unavailable ? retried : refusals[code]?.meaning}`;
}

/**
 * Returns what a permanent answer of Firestore's means and what to do, or undefined for any other error. The text holds
 * nothing of the call and nothing of the answer but its code. Missing credentials and a connection that could not be set up are
 * explained as well.
 */
export function explainRefusal(error: unknown): string | undefined {
  if (error instanceof CredentialsError) return explainCredentials(error);
  if (error instanceof ConnectionSetupError) return error.message;
  const code = codeOf(error);
  const refusal = typeof code === 'number' ? refusals[code] : undefined;
  return refusal && `Firestore refused the call: ${refusal.name}. ${refusal.meaning}`;
}
