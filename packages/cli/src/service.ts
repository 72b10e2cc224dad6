import { type Client, createClient } from '@andamio/client';
import { publicHosts, publicUrl } from '@andamio/schema/hosts';
import { isKey } from '@andamio/schema/key-format';
import { serviceUrl } from '@andamio/schema/service-url';
import { CliError, exitCodes, usageError } from './exit-code.ts';
import { holdSignals, releaseSignals } from './signals.ts';

/** URL of the service if neither `--url` nor `ANDAMIO_URL` is given. */
export const defaultUrl = publicUrl(publicHosts.prod);

/**
 * Returns the URL of the service, without a trailing slash and without `/api/v1`.
 *
 * @throws {@link CliError} if credentials must not be sent to the URL. The message does not quote
 * the URL, which may contain a password.
 */
export function urlOf(option: string | undefined, environment: NodeJS.ProcessEnv): string {
  const variable = environment['ANDAMIO_URL'] || defaultUrl;
  const name = option === undefined ? 'ANDAMIO_URL' : '--url';
  try {
    return serviceUrl(name, option ?? variable, 'tokens and keys').href.replace(/\/$/, '');
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw option === undefined
      ? new CliError(exitCodes.settings, error.message)
      : usageError(error.message);
  }
}

/**
 * Returns the response if its key has the format of a key. Other text could add lines to a file of
 * variables or to the input of a keychain's program, or control the terminal.
 *
 * @throws {@link CliError} if the key does not have this format. The message does not quote the
 *   text.
 */
function withKey<Answer extends { readonly api_key: string }>(answer: Answer): Answer {
  if (typeof answer.api_key === 'string' && isKey(answer.api_key)) return answer;
  throw new CliError(
    exitCodes.unavailable,
    'The service answered with a key that is malformed, so it was neither printed nor stored. Check the URL of the service, and list your keys: a key may exist.',
  );
}

/**
 * Requests a new key. As soon as the request is sent, signals are held back, so that the key is not
 * lost. If the service returns no key, a signal that was held back ends the process.
 */
async function issued<Answer extends { readonly api_key: string }>(
  request: () => Promise<Answer>,
): Promise<Answer> {
  holdSignals();
  try {
    return withKey(await request());
  } catch (error) {
    releaseSignals();
    throw error;
  }
}

/**
 * Creates the client of the service. It checks the format of each new key. Once a request has
 * returned a key, signals are held back until the command has ended.
 *
 * @param token returns the token. Called before each attempt of a request.
 * @param maxAttempts the maximum number of attempts per request. By default, the client's default.
 */
export function clientOf(url: string, token: () => Promise<string>, maxAttempts?: number): Client {
  const client = createClient({ baseUrl: url, token, maxAttempts });
  return {
    ...client,
    requestApiKey: (...args) => issued(() => client.requestApiKey(...args)),
    rollApiKey: (...args) => issued(() => client.rollApiKey(...args)),
    redeemDeviceLogin: (...args) => issued(() => client.redeemDeviceLogin(...args)),
  };
}
