import { ApiError, type Client, type ClientOptions, createClient } from '@andamio/client';
import { isKey } from '@andamio/schema/key-format';
import { printable } from '@andamio/schema/printable';
import { announcePause } from './announce-pause.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { failureOf } from './failure.ts';
import { addLastWords, holdSignals, releaseSignals, removeLastWords } from './signals.ts';
import { type Origin, suggestedCommand } from './suggested-command.ts';

/** The options of a client that sends the request for a key. */
export type Sending = Required<Pick<ClientOptions, 'fetch' | 'onRetry'>>;

/**
 * Requests a new key. While the request may have been processed, signals are held back, so that the
 * key is not lost. During a pause after attempts that were not processed, such as a pause for the
 * rate limit, a signal ends the process. If the service returns no key, a signal that was held back
 * ends the process.
 *
 * @param ifLost a message for the user: that the key may exist although the response was lost, and
 *   how to find the key. It is shown if a signal ends the process while the key may exist.
 * @param request requests the key, by a client with the given options.
 * @param mayExistAfter reports whether the key may exist although the request failed with an error.
 * @throws {@link CliError} if the key does not have the format of a key. Other text could add lines
 *   to a file of variables or to the input of a keychain's program, or control the terminal. The
 *   message does not quote it.
 */
export async function issued<Answer extends { readonly api_key: string }>(
  ifLost: string,
  request: (sending: Sending) => Promise<Answer>,
  mayExistAfter = (error: ApiError) => error.mayHaveBeenProcessed,
): Promise<Answer> {
  let isHeld = false;
  const release = () => {
    if (isHeld) releaseSignals();
    isHeld = false;
  };
  const sending: Sending = {
    fetch(url, init) {
      if (!isHeld) holdSignals();
      isHeld = true;
      addLastWords(ifLost);
      return fetch(url, init);
    },
    onRetry(retry) {
      if (!mayExistAfter(retry.error)) {
        removeLastWords(ifLost);
        release();
      }
      announcePause(retry);
    },
  };
  try {
    const answer = await request(sending);
    if (typeof answer.api_key === 'string' && isKey(answer.api_key)) return answer;
    throw new CliError(
      exitCodes.unavailable,
      `The service answered with a key that is malformed, so it was neither printed nor stored. Check the URL of the service.\n${ifLost}`,
    );
  } catch (error) {
    if (error instanceof ApiError && !mayExistAfter(error)) removeLastWords(ifLost);
    release();
    throw error;
  }
}

/**
 * Requests a new key as {@link issued} does.
 *
 * @throws {@link CliError} with `ifLost` in its message if the key may exist although no response
 *   arrived.
 */
async function issuedOrLost<Answer extends { readonly api_key: string }>(
  ifLost: string,
  request: (sending: Sending) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await issued(ifLost, request);
  } catch (error) {
    if (!(error instanceof ApiError && error.mayHaveBeenProcessed)) throw error;
    const { exitCode, message } = failureOf(error);
    throw new CliError(exitCode, `${message}\n${ifLost}`);
  }
}

/** Returns two lines with the commands that find and delete a key that may exist. */
export const findAndDelete = (name: string, origin: Origin) =>
  [suggestedCommand('keys list', origin), suggestedCommand('keys delete', origin, name)]
    .map((line) => `  ${line}`)
    .join('\n');

/** Returns the message about a new key that may exist, but that nobody has. */
export const createdIfLost = (name: string, origin: Origin) =>
  `The key ${printable(name)} may exist, but is lost. To find and delete it:\n${findAndDelete(name, origin)}`;

/** Returns the remedy if the new secret of a rolled key is lost. */
export const rollAgain = (isPreviousValid: boolean) =>
  `To get another secret, roll the key again${isPreviousValid ? '; the previous one then expires at once' : ''}.`;

const rolledIfLost = (name: string, isPreviousValid: boolean, origin: Origin) =>
  `The secret of the key ${printable(name)} may have been replaced, and the new one is lost. To see whether its START has changed:
  ${suggestedCommand('keys list', origin)}
If so, the previous secret ${isPreviousValid ? 'is valid until the grace period ends' : 'has expired'}. ${rollAgain(isPreviousValid)}`;

/**
 * Creates the client of the service. Its methods that request and roll a key check the format of
 * the key. Once one of them has returned a key, signals are held back until the command has ended.
 * If a response was lost, the error says that the key may exist. For `redeemDeviceLogin`, use
 * {@link issued}.
 *
 * @param origin the URL of the service, and the options that the commands in messages need
 * @param token returns the token. Called before each attempt of a request.
 * @param options further options of the client. By default, each pause is announced.
 */
export function clientOf(
  origin: Origin,
  token: () => Promise<string>,
  options: Partial<Sending> & Pick<ClientOptions, 'maxAttempts'> = {},
): Client {
  const connection = { baseUrl: origin.url, token, onRetry: announcePause, ...options };
  const clientFor = (sending: Sending) => createClient({ ...connection, ...sending });
  return {
    ...createClient(connection),
    requestApiKey: (body, callOptions) =>
      issuedOrLost(createdIfLost(body.api_key_name, origin), (sending) =>
        clientFor(sending).requestApiKey(body, callOptions),
      ),
    rollApiKey: (body, callOptions) =>
      issuedOrLost(rolledIfLost(body.api_key_name, body.grace_seconds !== 0, origin), (sending) =>
        clientFor(sending).rollApiKey(body, callOptions),
      ),
  };
}
