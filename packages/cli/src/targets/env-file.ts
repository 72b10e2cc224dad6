import { readFile, stat } from 'node:fs/promises';
import { printable } from '@andamio/schema/printable';
import { CliError, exitCodes } from '../exit-code.ts';
import { keyVariable } from '../key-source.ts';
import { createReplacement, followLinks } from '../replace-file.ts';
import type { Target } from './target.ts';

const assignment = new RegExp(`^(\\s*(?:export\\s+)?)${keyVariable}\\s*=`);

/**
 * Returns the text of an environment file after `ANT_API_KEY` is set to the key. Replaces the first
 * assignment of the variable, removes further assignments, and keeps all other lines.
 */
export function withKey(text: string, key: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const first = lines.findIndex((line) => assignment.test(line));
  const lineEnd = lines[0]?.endsWith('\r\n') ? '\r\n' : '\n';
  if (first < 0) {
    const separator = text === '' || text.endsWith('\n') ? '' : lineEnd;
    return `${text}${separator}${keyVariable}=${key}${lineEnd}`;
  }
  return lines
    .flatMap((line, index) => {
      const [, before = ''] = assignment.exec(line) ?? [];
      if (index === first) return `${before}${keyVariable}=${key}${lineEnd}`;
      return assignment.test(line) ? [] : line;
    })
    .join('');
}

function cannotWrite(path: string, error: unknown): CliError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new CliError(exitCodes.cannotCreate, `${printable(path)} cannot be written (${code}).`);
}

/** Returns the contents, one character for each byte, or an empty string if there is no file. */
async function contentsOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Returns the target `env:FILE`. Checking the target creates an empty file of mode 0600 in the same
 * folder. Storing a key fills that file, which then replaces the existing file as a whole.
 */
export function envFile(name: string, path: string): Target {
  const prepare = async () => {
    const file = await followLinks(path);
    const status = await stat(file).catch(() => undefined);
    if (status?.isFile() === false) {
      throw new CliError(exitCodes.cannotCreate, `${printable(path)} is not a regular file.`);
    }
    await contentsOf(file);
    const { write, release } = await createReplacement(file);
    return {
      async store(key: string) {
        try {
          await write(Buffer.from(withKey(await contentsOf(file), key), 'latin1'));
        } catch (error) {
          throw cannotWrite(path, error);
        }
      },
      release,
    };
  };
  return {
    name,
    prepare: () =>
      prepare().catch((error: unknown) => {
        throw error instanceof CliError ? error : cannotWrite(path, error);
      }),
  };
}
