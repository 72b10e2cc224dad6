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

/**
 * Returns a function that obtains the user's token: from `--token-command`, from `ANDAMIO_TOKEN`,
 * from the command in `ANDAMIO_TOKEN_COMMAND`, or by a sign-in. The function obtains the token only
 * once.
 *
 * @param commandOption the value of `--token-command`
 * @param signInAgain signs the user in. Resolves to undefined if that is not possible.
 */
export function tokenSource(
  commandOption: string | undefined,
  environment: NodeJS.ProcessEnv,
  signInAgain: () => Promise<string | undefined>,
): () => Promise<string> {
  const { ANDAMIO_TOKEN: token, ANDAMIO_TOKEN_COMMAND: commandVariable } = environment;
  const obtain = async () => {
    if (commandOption === undefined && token) return tokenIn(token, 'ANDAMIO_TOKEN');
    const command = commandOption ?? commandVariable;
    if (!command) {
      const signedIn = await signInAgain();
      if (signedIn === undefined) throw new CliError(exitCodes.credentials, missing);
      return signedIn;
    }
    return tokenIn(await outputOf(command, environment), 'The output of the token command');
  };
  let obtained: Promise<string> | undefined;
  return () => (obtained ??= obtain());
}

/** Reports whether the user provided a token, or a command that prints a token. */
export function isTokenGiven(
  commandOption: string | undefined,
  environment: NodeJS.ProcessEnv,
): boolean {
  const { ANDAMIO_TOKEN, ANDAMIO_TOKEN_COMMAND } = environment;
  return Boolean(commandOption ?? (ANDAMIO_TOKEN || ANDAMIO_TOKEN_COMMAND));
}
