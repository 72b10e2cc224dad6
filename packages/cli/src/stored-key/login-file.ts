import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError, exitCodes } from '../exit-code.ts';
import { createReplacement } from '../replace-file.ts';
import { printable } from '../text.ts';
import type { KeychainProgram } from './keychain.ts';

/** A login: the key that `andamio login` created for a service. */
export interface Login {
  /** The name of the key. */
  readonly name: string;
  /** The first 8 characters of the key. */
  readonly start: string;
  /** Time at which the key expires (RFC 3339). */
  readonly expires_at: string;
  /** Where the key is stored: the program of the keychain, or `file` if it is in `api_key`. */
  readonly storage: KeychainProgram | 'file';
  readonly api_key?: string;
}

/** The logins, by the URL of the service. */
type Logins = Readonly<Record<string, Login>>;

/** Returns the path of the file that contains the logins. */
export function loginFile({ XDG_CONFIG_HOME: config, HOME: home }: NodeJS.ProcessEnv): string {
  // The specification of base directories ignores relative paths.
  const folder = config?.startsWith('/') ? config : join(home || homedir(), '.config');
  return join(folder, 'andamio', 'logins.json');
}

function failure(path: string, error: unknown): CliError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new CliError(exitCodes.cannotCreate, `${printable(path)} cannot be used (${code}).`);
}

async function readLogins(path: string): Promise<Logins> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw failure(path, error);
  });
  try {
    return JSON.parse(text) as Logins;
  } catch {
    // The parser's error quotes the text, which may contain a key.
    const message = `${printable(path)} is not valid JSON. Delete it and log in again.`;
    throw new CliError(exitCodes.settings, message);
  }
}

/**
 * Returns the login for a service, or undefined if there is none.
 *
 * @throws {@link CliError} if the file cannot be read.
 */
export async function findLogin(
  url: string,
  environment: NodeJS.ProcessEnv,
): Promise<Login | undefined> {
  const logins = await readLogins(loginFile(environment));
  return Object.hasOwn(logins, url) ? logins[url] : undefined;
}

/**
 * Writes the login for a service, or removes it if `login` is undefined. The file gets mode 0600.
 *
 * @throws {@link CliError} if the file cannot be written.
 */
export async function writeLogin(
  url: string,
  login: Login | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const path = loginFile(environment);
  const { [url]: _, ...others } = await readLogins(path);
  const logins: Logins = login === undefined ? others : { ...others, [url]: login };
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const { write, release } = await createReplacement(path);
    const text = `${JSON.stringify(logins, undefined, 2)}\n`;
    await write(Buffer.from(text).toString('latin1')).finally(release);
  } catch (error) {
    throw failure(path, error);
  }
}
