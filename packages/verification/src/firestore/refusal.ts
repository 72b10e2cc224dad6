import { statusCodes } from './status-codes.ts';

/** The name, meaning and remedy of a permanent Firestore error. */
interface Refusal {
  readonly name: string;
  readonly meaning: string;
}

/**
 * Permanent errors by gRPC status code. They persist until the configuration
 * changes. All other codes are transient
 * (https://cloud.google.com/firestore/docs/understand-error-codes).
 */
const refusals: Readonly<Record<number, Refusal>> = {
  [statusCodes.invalidArgument]: {
    name: 'INVALID_ARGUMENT',
    meaning: 'Check the project id and the database id.',
  },
  [statusCodes.notFound]: {
    name: 'NOT_FOUND',
    meaning:
      'The database does not exist. Check the project id and the database id, or create the database.',
  },
  [statusCodes.permissionDenied]: {
    name: 'PERMISSION_DENIED',
    meaning:
      'Grant the identity roles/datastore.user in the project (roles/datastore.viewer to a guard), and enable firestore.googleapis.com there.',
  },
  [statusCodes.failedPrecondition]: {
    name: 'FAILED_PRECONDITION',
    meaning:
      'The database is in Datastore mode, or an index is missing. Use a database in Native mode, and deploy its indexes.',
  },
  [statusCodes.unimplemented]: {
    name: 'UNIMPLEMENTED',
    meaning:
      'The server at this address is not Firestore. Check the address, the emulator or the proxy.',
  },
  [statusCodes.unauthenticated]: {
    name: 'UNAUTHENTICATED',
    meaning:
      'Run `gcloud auth application-default login`, or give the process an identity: a service account, or GOOGLE_APPLICATION_CREDENTIALS.',
  },
};

/**
 * The error for Google credentials that could not be obtained. The message contains no credentials.
 */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  /**
   * gRPC status code with which the call fails. The library retries after `unavailable`, but not
   * after `unauthenticated`.
   */
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/**
 * The error for a connection that the client library could not set up. The cause is an invalid
 * environment variable that the library reads.
 */
export class ConnectionSetupError extends Error {
  override readonly name = 'ConnectionSetupError';
  /** Tells callers that no request was sent and that retrying without a change would fail again. */
  readonly code = statusCodes.unauthenticated;

  /** @param reason the library's error. Its message may contain file names but no file contents. */
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
  const transient = 'Check the metadata server or the token endpoint; the next call tries again.';
  return `${message} ${code === statusCodes.unavailable ? transient : refusals[code]?.meaning}`;
}

/**
 * Returns the meaning and remedy of a permanent Firestore error, of missing credentials, or of a
 * failed connection setup. Returns undefined for any other error.
 *
 * The text contains no part of the request, and only the status code of the response.
 */
export function explainRefusal(error: unknown): string | undefined {
  if (error instanceof CredentialsError) return explainCredentials(error);
  if (error instanceof ConnectionSetupError) return error.message;
  const code = codeOf(error);
  const refusal = typeof code === 'number' ? refusals[code] : undefined;
  return refusal && `Firestore rejected the call: ${refusal.name}. ${refusal.meaning}`;
}
