import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { printable } from '@andamio/schema/printable';
import type * as z from 'zod/mini';
import { CliError, exitCodes } from './exit-code.ts';
import { createReplacement, followLinks } from './replace-file.ts';

/**
 * Files of mode 0600, one for each service, each with one record. Commands for different services
 * can therefore write at the same time. A file may be a symbolic link, such as a link into a folder
 * of settings that the user keeps elsewhere.
 */
interface RecordFiles<Item> {
  /** Returns the path of the file for a service. */
  path(url: string, environment: NodeJS.ProcessEnv): string;
  /**
   * Returns the record for a service, or undefined if there is none.
   *
   * @throws {@link CliError} if the file cannot be read, or its content is not valid.
   */
  find(url: string, environment: NodeJS.ProcessEnv): Promise<Item | undefined>;
  /**
   * Writes the record for a service, or removes it if `record` is undefined.
   *
   * @throws {@link CliError} if the file cannot be written or removed.
   */
  write(url: string, record: Item | undefined, environment: NodeJS.ProcessEnv): Promise<void>;
}

function failure(path: string, error: unknown): CliError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new CliError(exitCodes.cannotCreate, `${printable(path)} cannot be used (${code}).`);
}

/** Removes a file, if it exists. If the path is a symbolic link, removes the target of the link. */
async function remove(path: string): Promise<void> {
  try {
    await rm(await realpath(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns the record files in a subfolder of this program's settings folder.
 *
 * @param folder the name of the subfolder
 * @param schema the schema of a record
 */
export function recordFiles<Item>(folder: string, schema: z.ZodMiniType<Item>): RecordFiles<Item> {
  function path(url: string, { XDG_CONFIG_HOME: config, HOME: home }: NodeJS.ProcessEnv): string {
    // The XDG Base Directory Specification says that relative paths must be ignored.
    const base = config?.startsWith('/') ? config : join(home || homedir(), '.config');
    return join(base, 'andamio', folder, `${encodeURIComponent(url)}.json`);
  }
  return {
    path,
    async find(url, environment) {
      const file = path(url, environment);
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw failure(file, error);
      });
      if (text === undefined) return undefined;
      // The errors of the parsers are not shown: they may quote a key.
      const { data } = schema.safeParse(jsonOf(text));
      if (data !== undefined) return data;
      throw new CliError(
        exitCodes.settings,
        `${printable(file)} is not valid. Delete it and log in again.`,
      );
    },
    async write(url, record, environment) {
      const file = path(url, environment);
      try {
        if (record === undefined) {
          await remove(file);
          return;
        }
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        const { write, release } = await createReplacement(await followLinks(file));
        await write(`${JSON.stringify(record, undefined, 2)}\n`).finally(release);
      } catch (error) {
        throw failure(file, error);
      }
    },
  };
}
