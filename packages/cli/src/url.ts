import { publicHosts, publicUrl } from '@andamio/schema/hosts';
import { serviceUrl } from '@andamio/schema/service-url';
import { CliError, exitCodes, usageError } from './exit-code.ts';

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
