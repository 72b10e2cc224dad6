import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { printable } from '@andamio/schema/printable';
import * as z from 'zod/mini';
import { CliError, exitCodes } from '../exit-code.ts';
import { createReplacement } from '../replace-file.ts';

const loginSchema = z.object({
  /** The name of the key. */
  name: z.string(),
  /** The first 8 characters of the key. */
  start: z.string(),
  /** Time at which the key expires (RFC 3339). */
  expires_at: z.string(),
  /** Where the key is stored: the program of the keychain, or `file` if it is in `api_key`. */
  storage: z.enum(['secret-tool', 'security', 'file']),
  api_key: z.optional(z.string()),
});

/** A login: the key that `andamio login` created for a service. */
export type Login = z.infer<typeof loginSchema>;

const loginsSchema = z.record(z.string(), loginSchema);

/** The logins, by the URL of the service. */
type Logins = z.infer<typeof loginsSchema>;

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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readLogins(path: string): Promise<Logins> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw failure(path, error);
  });
  // The errors of the parsers are not shown: they may quote a key.
  const { data } = loginsSchema.safeParse(jsonOf(text));
  if (data !== undefined) return data;
  throw new CliError(
    exitCodes.settings,
    `${printable(path)} does not contain logins. Delete it and log in again.`,
  );
}

/**
 * Returns the login for a service, or undefined if there is none.
 *
 * @throws {@link CliError} if the file cannot be read, or does not contain logins.
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
