import { printableJson } from '@andamio/schema/printable';
import type { Context, Report } from './command.ts';
import { parseCommandLine } from './command-line.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { failureOf } from './failure.ts';
import { signInOnTerminal } from './login/sign-in-to-service.ts';
import { clientOf } from './service.ts';
import { serviceClock } from './service-clock.ts';
import { releaseAllSignals } from './signals.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { tokenSource } from './token.ts';
import { urlOf } from './url.ts';

/** Writes text to standard output. Resolves to the error code if that fails. */
function write(text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
    process.stdout.write(text, (error) => {
      if (!error) resolve(undefined);
    });
  });
}

/**
 * Writes a report. If the reader has closed the pipe (`| head`), that is a failure only if the
 * report contains a key.
 */
async function deliver(report: Report, asJson: boolean, terminal: Terminal): Promise<ExitCode> {
  const { json, text, notes = [], exitCode = exitCodes.done, onUnwritten } = report;
  const lines = asJson ? [printableJson(json)] : text;
  const failure = await write(lines.map((line) => `${line}\n`).join(''));
  if (failure === undefined) {
    if (!asJson) terminal.note(...notes);
    return exitCode;
  }
  if (onUnwritten === undefined) {
    if (failure === 'EPIPE') return exitCode;
    terminal.note(`The output could not be written (${failure}), but the command has completed.`);
    return exitCodes.output;
  }
  terminal.note(`The key could not be written (${failure}).`, await onUnwritten());
  return exitCodes.output;
}

async function execute(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<ExitCode> {
  const request = parseCommandLine(args, terminal.isTerminal);
  if ('text' in request)
    return deliver({ json: {}, text: [request.text.trimEnd()] }, false, terminal);
  const url = urlOf(request.url, environment);
  const surroundings = {
    url,
    isUrlOption: request.url !== undefined,
    isTokenCommandOption: request.tokenCommand !== undefined,
    environment,
    terminal,
  };
  const { isGiven, token } = tokenSource(request.tokenCommand, environment, () =>
    signInOnTerminal(surroundings),
  );
  const needsToken =
    request.credential === 'token' || (request.credential === 'token or key' && isGiven);
  // Obtains the token before the first call, because a call has a time limit, and signing in may
  // take longer.
  if (needsToken) await token();
  const { fetch, now } = serviceClock();
  const context: Context = {
    ...surroundings,
    client: clientOf(surroundings, token, { fetch }),
    isTokenGiven: isGiven,
    now,
  };
  return deliver(await request.execute(context), request.asJson, terminal);
}

/**
 * Runs the command that the arguments describe, and returns the exit code.
 *
 * @param args the arguments after the program's path
 */
export async function runCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const terminal = processTerminal();
  process.stderr.on('error', () => {}); // If nobody reads it, the exit code still tells the result.
  try {
    return await execute(args, environment, terminal);
  } catch (error) {
    const { exitCode, message } = failureOf(error);
    terminal.note(message);
    return exitCode;
  } finally {
    releaseAllSignals();
  }
}
