// node scripts/exchange-token.ts: exchanges a GitHub job's token for a short-lived token of the
// stack's issuer (RFC 8693), and prints the new token. No stored credential is needed: the issuer
// trusts the jobs of this repository and gives each token a `sub` that no user has.
import { Failure, script } from './lib/cli.ts';

const tokenType = 'urn:ietf:params:oauth:token-type:jwt';

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Failure(`${name} must be set.`);
  return value;
}

/**
 * Sends a request and returns one string of the JSON response.
 *
 * @throws {Failure} if the response is an error or does not contain the string
 */
async function stringIn(name: string, url: string, init: RequestInit): Promise<string> {
  const { host } = new URL(url);
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Failure(`${host} responded with ${response.status}.`);
  const body = (await response.json().catch(() => undefined)) as unknown;
  const value = (body as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  if (typeof value !== 'string' || value === '')
    throw new Failure(`${host} responded with ${response.status}, but without ${name}.`);
  return value;
}

await script(async () => {
  const audience = setting('SMOKE_AUDIENCE');
  const own = `${setting('ACTIONS_ID_TOKEN_REQUEST_URL')}&audience=${encodeURIComponent(audience)}`;
  const jobToken = await stringIn('value', own, {
    headers: { Authorization: `Bearer ${setting('ACTIONS_ID_TOKEN_REQUEST_TOKEN')}` },
  });
  const token = await stringIn('access_token', setting('SMOKE_TOKEN_URL'), {
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
