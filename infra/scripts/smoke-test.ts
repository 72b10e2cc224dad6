import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { basePath } from '@andamio/schema/hosts';
import { isKey } from '@andamio/schema/key-format';
import { Failure, say } from './cli.ts';

/** A call takes this long at most: a candidate starts with the first one. */
const timeoutMilliseconds = 30_000;

function call(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMilliseconds) });
}

/**
 * A short-lived token of the stack's issuer, with a `sub` of its own, from a command that prints it (SMOKE_TOKEN_COMMAND). What
 * signs tokens is not this script's to know.
 */
function token(): string {
  const command = process.env['SMOKE_TOKEN_COMMAND'];
  if (!command) throw new Failure('SMOKE_TOKEN_COMMAND must name a command that prints a token of the issuer.');
  return execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

async function deleteKey(url: string, headers: Record<string, string>, name: string): Promise<void> {
  const document = (await (await call(`${url}${basePath}/docs/doc.json`)).json()) as { paths: Record<string, unknown> };
  const path = `${basePath}/apikey/delete`;
  // A service that cannot delete leaves a key that ends within a day.
  if (!(path in document.paths)) return;
  const { status } = await call(`${url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ api_key_name: name }),
  });
  if (status !== 200) throw new Failure(`The key of the smoke test could not be deleted: ${status}.`);
}

/**
 * Asks a service for a real key, as a user would, and for one without a token.
 *
 * @param url where it answers, e.g. `https://candidate---andamio-api-308006323670.us-central1.run.app`
 * @throws {Failure} that says what the answer was; never the key or the token
 */
export async function smokeTest(url: string): Promise<void> {
  const request = `${url}${basePath}/apikey/request`;
  const name = `smoke-${randomBytes(8).toString('hex')}`;
  const body = JSON.stringify({ api_key_name: name, expires_in_days: 1 });
  const json = { 'Content-Type': 'application/json' };

  const refused = await call(request, { method: 'POST', headers: json, body });
  if (refused.status !== 401) throw new Failure(`Without a token ${request} answers ${refused.status}, not 401.`);

  const headers = { ...json, Authorization: `Bearer ${token()}` };
  const issued = await call(request, { method: 'POST', headers, body });
  const answer = (await issued.json().catch(() => ({}))) as { api_key?: string; details?: string };
  if (issued.status !== 200)
    throw new Failure(`${request} answers ${issued.status}: ${answer.details ?? 'no details'}`);
  if (!isKey(answer.api_key ?? '')) throw new Failure(`${request} answers with something that is no key.`);
  await deleteKey(url, headers, name);
  say(`${url} issues keys.`);
}
