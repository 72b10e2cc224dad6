/** The exit codes of `andamio`. Codes from 64 on are those of sysexits.h. */
export const exitCodes = {
  done: 0,
  /** The service refused the request, the key is not valid, or the user canceled. */
  refused: 1,
  usage: 64,
  /** The service did not respond, or failed with a status of 5xx. */
  unavailable: 69,
  software: 70,
  /** The target of `--to`, or the file that contains the logins, cannot be written. */
  cannotCreate: 73,
  output: 74,
  /** A rate limit or quota is used up. The command can be run again later. */
  retryLater: 75,
  /**
   * No token or key was found, or the service does not accept it, or the sign-in to the service was
   * not confirmed.
   */
  credentials: 77,
  settings: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * An expected failure, with a message for the user. The message contains neither a token nor a key.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Creates the error for an invalid command line. The message must not quote a submitted value. */
export function usageError(message: string): CliError {
  return new CliError(exitCodes.usage, `${message} See --help.`);
}
