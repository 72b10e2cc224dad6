import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { printable } from '@andamio/schema/printable';
import * as z from 'zod/mini';
import { CliError, exitCodes } from '../exit-code.ts';
import { createReplacement } from '../replace-file.ts';

/** A file of mode 0600 that contains at most one record for each service. */
interface RecordFile<Item> {
  /** Returns the path of the file. */
  path(environment: NodeJS.ProcessEnv): string;
  /**
   * Returns the record for a service, or undefined if there is none.
   *
   * @throws {@link CliError} if the file cannot be read, or its contents are not valid.
   */
  find(url: string, environment: NodeJS.ProcessEnv): Promise<Item | undefined>;
  /**
   * Writes the record for a service, or removes it if `record` is undefined.
   *
   * @throws {@link CliError} if the file cannot be read or written, or its contents are not valid.
   */
  write(url: string, record: Item | undefined, environment: NodeJS.ProcessEnv): Promise<void>;
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

/**
 * Returns a file of records in the folder of this program's settings.
 *
 * @param name the name of the file without `.json`. Error messages use it as the name of the
 *   records.
 * @param schema the schema of a record
 */
export function recordFile<Item>(name: string, schema: z.ZodMiniType<Item>): RecordFile<Item> {
  const records = z.record(z.string(), schema);

  function pathOf({ XDG_CONFIG_HOME: config, HOME: home }: NodeJS.ProcessEnv): string {
    // The XDG Base Directory Specification says that relative paths must be ignored.
    const folder = config?.startsWith('/') ? config : join(home || homedir(), '.config');
    return join(folder, 'andamio', `${name}.json`);
  }

  async function read(path: string): Promise<Record<string, Item>> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw failure(path, error);
    });
    // The errors of the parsers are not shown: they may quote a key.
    const { data } = records.safeParse(jsonOf(text));
    if (data !== undefined) return data;
    throw new CliError(
      exitCodes.settings,
      `${printable(path)} does not contain ${name}. Delete it and log in again.`,
    );
  }

  return {
    path: pathOf,
    async find(url, environment) {
      const found = await read(pathOf(environment));
      return Object.hasOwn(found, url) ? found[url] : undefined;
    },
    async write(url, record, environment) {
      const path = pathOf(environment);
      const found = await read(path);
      if (record === undefined && !Object.hasOwn(found, url)) return;
      const { [url]: _, ...others } = found;
      const changed = record === undefined ? others : { ...others, [url]: record };
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const { write, release } = await createReplacement(path);
        await write(`${JSON.stringify(changed, undefined, 2)}\n`).finally(release);
      } catch (error) {
        throw failure(path, error);
      }
    },
  };
}
