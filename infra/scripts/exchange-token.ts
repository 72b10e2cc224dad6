// node scripts/exchange-token.ts: exchanges a GitHub job's token for a short-lived token of the
// stack's issuer (RFC 8693), and prints the new token. No stored credential is needed: the issuer
// trusts the jobs of this repository and gives each token a `sub` that no user has.
import { Failure, script } from './lib/cli.ts';
import { type CallOptions, call, parse } from './lib/http.ts';

const tokenType = 'urn:ietf:params:oauth:token-type:jwt';

/**
 * Request timeout in milliseconds. The smoke test ends this script after 30 seconds. Both requests
 * must end before that, so that the script can print which host does not respond.
 */
const timeout = 10_000;

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Failure(`${name} must be set.`);
  return value;
}

function urlSetting(name: string): string {
  const value = setting(name);
  if (URL.canParse(value)) return value;
  throw new Failure(`${name} must be a complete URL, such as https://issuer.example/token.`);
}

/**
 * Sends a request and returns one string of the JSON response.
 *
 * @throws {Failure} if no response arrives, or if it is an error or does not contain the string
 */
async function stringIn(name: string, url: string, init: CallOptions): Promise<string> {
  const { host } = new URL(url);
  const { status, text } = await call(url, { ...init, timeout });
  if (status >= 400) throw new Failure(`${host} responded with ${status}.`);
  const value = (parse(text) as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  if (typeof value !== 'string' || value === '')
    throw new Failure(`${host} responded with ${status}, but without ${name}.`);
  return value;
}

await script(async () => {
  const audience = setting('SMOKE_AUDIENCE');
  const own = `${urlSetting('ACTIONS_ID_TOKEN_REQUEST_URL')}&audience=${encodeURIComponent(audience)}`;
  const jobToken = await stringIn('value', own, {
    headers: { Authorization: `Bearer ${setting('ACTIONS_ID_TOKEN_REQUEST_TOKEN')}` },
  });
  const token = await stringIn('access_token', urlSetting('SMOKE_TOKEN_URL'), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: jobToken,
      subject_token_type: tokenType,
      requested_token_type: tokenType,
      audience,
    }),
  });
  process.stdout.write(`${token}\n`);
});
