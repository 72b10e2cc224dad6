import { CliError, exitCodes } from './exit-code.ts';
import { runProgram } from './program.ts';

const missing = `This command needs a token. Set ANDAMIO_TOKEN to the JWT of your identity provider, or give a
command that prints it: --token-command or ANDAMIO_TOKEN_COMMAND.`;

/**
 * Returns a token without leading or trailing white space and without a leading `Bearer`.
 *
 * @throws {@link CliError} if the text is not a token.
 */
function tokenIn(value: string, source: string): string {
  const token = value.trim().replace(/^Bearer\s+/i, '');
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError(
    exitCodes.credentials,
    token === ''
      ? `${source} is empty.`
      : `${source} is not a token: it must be one word of ASCII.`,
  );
}

/**
 * Runs a command in the system's shell and returns its standard output. The command shares standard
 * input and error with this process, so it can ask for a password.
 *
 * @throws {@link CliError} if the command fails. The message quotes neither the command nor its
 * output.
 */
async function outputOf(command: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout } = await runProgram(command, [], {
    environment,
    shell: true,
    input: { inherit: true },
    showErrors: true,
  });
  if (code === 0) return stdout;
  throw new CliError(
    exitCodes.credentials,
    typeof code === 'number'
      ? `The token command ended with exit code ${code}.`
      : `The token command failed (${code}).`,
  );
}

/** The source of the user's token. */
interface TokenSource {
  /** Whether the user provided a token, or a command that prints one. */
  readonly isGiven: boolean;
  /** Obtains the token at the first call, and returns the same token afterwards. */
  readonly token: () => Promise<string>;
}

/**
 * Returns the source of the user's token: `--token-command`, `ANDAMIO_TOKEN`, the command in
 * `ANDAMIO_TOKEN_COMMAND`, or else a sign-in.
 *
 * @param commandOption the value of `--token-command`
 * @param signInAgain signs the user in. Resolves to undefined if that is not possible.
 */
export function tokenSource(
  commandOption: string | undefined,
  environment: NodeJS.ProcessEnv,
  signInAgain: () => Promise<string | undefined>,
): TokenSource {
  const variable = commandOption === undefined ? environment['ANDAMIO_TOKEN'] : undefined;
  const command = commandOption ?? environment['ANDAMIO_TOKEN_COMMAND'];
  const obtain = async () => {
    if (variable) return tokenIn(variable, 'ANDAMIO_TOKEN');
    if (command) {
      const output = await outputOf(command, environment);
      return tokenIn(output, 'The output of the token command');
    }
    const signedIn = await signInAgain();
    if (signedIn === undefined) throw new CliError(exitCodes.credentials, missing);
    return signedIn;
  };
  let obtained: Promise<string> | undefined;
  return { isGiven: Boolean(variable || command), token: () => (obtained ??= obtain()) };
}
