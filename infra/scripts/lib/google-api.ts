import { Failure, run } from './cli.ts';
import { call, parse } from './http.ts';

/** An error response of Google, or one that is not valid JSON. */
export class GoogleFailure extends Failure {
  readonly status: number;

  constructor(status: number, message: string) {
    super(`Google responded with ${status}: ${message}`);
    this.status = status;
  }
}

/**
 * Returns the base URL of an API, without the version and with a trailing slash.
 *
 * @param variable the environment variable with the Pulumi provider's custom endpoint, which takes
 * precedence
 * @param standard Google's base URL
 */
export function endpoint(variable: string, standard: string): string {
  const custom = process.env[variable];
  // The provider's endpoints end with the API version, such as `/v1beta1/`.
  return custom ? custom.replace(/(v\d\w*\/?)?$/, '') : standard;
}

/**
 * Returns the access token in GOOGLE_OAUTH_ACCESS_TOKEN, which the Pulumi provider also uses, or one
 * of the account that is signed in to gcloud.
 */
export function accessToken(): string {
  return (
    process.env['GOOGLE_OAUTH_ACCESS_TOKEN'] ??
    run('gcloud', ['auth', 'print-access-token'], { quiet: true }).trim()
  );
}

/**
 * Sends a GET request, or a POST request if there is a body.
 *
 * @param options.until a signal that cancels the request
 * @returns the parsed response
 * @throws {GoogleFailure} if the response is an error or not valid JSON
 * @throws {Failure} if no complete response arrives
 * @throws the signal's reason if it aborts
 */
export async function callGoogle(
  url: string,
  token: string,
  { body, until }: { readonly body?: object; readonly until?: AbortSignal } = {},
): Promise<unknown> {
  const { status, text } = await call(url, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    ...(until && { until }),
  });
  const answer = parse(text) as { readonly error?: { readonly message?: string } } | undefined;
  if (status >= 400) throw new GoogleFailure(status, answer?.error?.message ?? 'no message');
  if (answer === undefined) throw new GoogleFailure(status, 'the response is not valid JSON');
  return answer;
}
