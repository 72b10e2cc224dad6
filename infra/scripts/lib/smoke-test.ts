import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { basePath } from '@andamio/schema/hosts';
import { isKey } from '@andamio/schema/key-format';
import { Failure, say } from './cli.ts';
import { call, parse } from './http.ts';

/**
 * Returns the timeout in milliseconds of each request, and of the command that prints a token. The
 * timeout is long enough for a candidate to start.
 */
function timeoutMilliseconds(): number {
  return Number(process.env['SMOKE_TIMEOUT_SECONDS'] ?? 30) * 1000;
}

/** Returns the `details` of an error response. */
function detailsOf(text: string): string {
  const answer = parse(text) as { readonly details?: unknown } | null | undefined;
  return String(answer?.details ?? 'no details');
}

/**
 * Returns the command that prints tokens for smoke tests.
 *
 * @throws {Failure} if SMOKE_TOKEN_COMMAND is not set
 */
export function tokenCommand(): string {
  const command = process.env['SMOKE_TOKEN_COMMAND'];
  if (command) return command;
  throw new Failure(
    'SMOKE_TOKEN_COMMAND must be a command that prints a token of the issuer. The smoke test of a release requests a key with it (docs/operate.md, Release).',
  );
}

/**
 * Runs the command in SMOKE_TOKEN_COMMAND, which prints a short-lived token of the stack's issuer.
 * The issuer gives the smoke test a `sub` of its own. This script cannot access the signing key.
 *
 * @throws {Failure} if the command is missing, fails, takes longer than the timeout, or does not
 * print exactly one token
 * @throws the signal's reason if the signal aborts
 */
export async function issueToken(signal: AbortSignal): Promise<string> {
  // A listener that is added to an aborted signal is never called.
  signal.throwIfAborted();
  const command = tokenCommand();
  // The command runs in a separate process group, so that its child processes can be killed with
  // it.
  const child = spawn('sh', ['-c', command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds())]);
  const kill = () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // All processes of the group have exited. A process that left the group can still have the
      // output open.
    }
    child.stdout.destroy();
  };
  either.addEventListener('abort', kill, { once: true });
  const [printed, [code]] = await Promise.all([
    text(child.stdout).catch(() => ''),
    once(child, 'close'),
  ]);
  either.removeEventListener('abort', kill);
  signal.throwIfAborted();
  const reason = either.aborted
    ? `it took more than ${timeoutMilliseconds() / 1000} s`
    : `exit code ${code}`;
  if (either.aborted || code !== 0)
    throw new Failure(`SMOKE_TOKEN_COMMAND printed no token: ${reason}.`);
  if (!/^\S+$/.test(printed.trim()))
    throw new Failure('SMOKE_TOKEN_COMMAND must print one token and nothing else.');
  return printed.trim();
}

/**
 * Name of the key that each smoke test requests. A test that is stopped, or whose deletion gets no
 * response, leaves its key. Because the name is fixed, the next test can delete that key, which
 * could otherwise be all that the user's tier allows.
 */
const keyName = 'smoke-test';

/**
 * Tests a service: requests a key without a token, which must fail, and with a token, which must
 * succeed. Deletes the key afterwards. First deletes the key of an earlier test if there is one.
 *
 * @param url the service's URL, such as
 * `https://candidate---andamio-api-308006323670.us-central1.run.app`
 * @param signal aborts the test. The key then stays until the next test or until it expires, within
 * a day.
 * @throws {Failure} with the response, but never the key or the token
 * @throws the signal's reason if the test is aborted
 */
export async function smokeTest(url: string, signal: AbortSignal): Promise<void> {
  const limits = { timeout: timeoutMilliseconds(), until: signal };
  const request = `${url}${basePath}/apikey/request`;
  const json = { 'Content-Type': 'application/json' };
  const wanted = { api_key_name: keyName, expires_in_days: 1 };
  const init = { ...limits, method: 'POST', headers: json, body: JSON.stringify(wanted) };

  const refused = await call(request, init);
  if (refused.status !== 401)
    throw new Failure(
      `${request} responded to a request without a token with ${refused.status} instead of 401.`,
    );

  const headers = { ...json, Authorization: `Bearer ${await issueToken(signal)}` };
  const deleteKey = async (key: string, accepted: readonly number[]) => {
    const body = JSON.stringify({ api_key_name: keyName });
    const address = `${url}${basePath}/apikey/delete`;
    const { status, text } = await call(address, { ...limits, method: 'POST', headers, body });
    if (!accepted.includes(status))
      throw new Failure(
        `${address} responded with ${status} to the deletion of ${key}: ${detailsOf(text)}`,
      );
  };

  await deleteKey("an earlier smoke test's key", [200, 404]);
  const issued = await call(request, { ...init, headers });
  if (issued.status !== 200)
    throw new Failure(`${request} responded with ${issued.status}: ${detailsOf(issued.text)}`);
  const answer = parse(issued.text) as { readonly api_key?: unknown } | null | undefined;
  if (!isKey(String(answer?.api_key)))
    throw new Failure(`${request} responded with an invalid API key.`);
  await deleteKey("the smoke test's key", [200]);
  say(`${url} issues keys.`);
}
