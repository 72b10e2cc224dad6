import { basePath } from './hosts.ts';

/**
 * Matches a loopback host as the URL parser serializes it. The parser normalizes other spellings of
 * 127.0.0.0/8 and ::1 to these forms.
 */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function parsed(value: string | URL): URL | undefined {
  try {
    return new URL(value);
  } catch {
    // The parser's error is discarded because it quotes the URL.
    return undefined;
  }
}

/**
 * Returns the base URL of the service, without a trailing slash. If the URL ends in `/api/v1`, the
 * base path of the operations, that part is removed. Error messages do not quote the URL because it
 * may contain a password.
 *
 * @param option name of the option that contains the URL, for error messages.
 * @param credentials the name of the credentials that are sent to the URL, for error messages.
 * @throws {TypeError} if the URL is invalid, or if credentials must not be sent to it.
 */
export function serviceUrl(option: string, value: string | URL, credentials: string): URL {
  const url = parsed(value);
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash
  ) {
    throw new TypeError(`${option} must be an https URL without credentials, query or fragment.`);
  }
  if (url.protocol === 'http:' && !loopback.test(url.hostname)) {
    throw new TypeError(
      `${option} must begin with https:, because ${credentials} are sent there. http: is allowed only for loopback hosts.`,
    );
  }
  const path = url.pathname.replace(/\/$/, '');
  url.pathname = path.endsWith(basePath) ? path.slice(0, -basePath.length) : path;
  return url;
}
