import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, readlink, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { cleanUpOnSignal } from './signals.ts';

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Returns the target of a symbolic link, or undefined if there is no link at the path. */
async function linkAt(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/**
 * Returns the path of a file with symbolic links resolved. The file does not have to exist, but its
 * folder does.
 */
export async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const folder = await realpath(dirname(path));
  const file = join(folder, basename(path));
  const target = await linkAt(file);
  return target === undefined ? file : followLinks(resolve(folder, target));
}

/** A new file that replaces an existing file as a whole. */
export interface Replacement {
  /** Writes the contents, and then replaces the existing file. */
  write(contents: string | Uint8Array): Promise<void>;
  /** Removes the new file, unless it has replaced the existing file. */
  release(): Promise<void>;
}

/**
 * Creates an empty file of mode 0600 in the folder of an existing file. If that succeeds, the
 * existing file can be replaced. Readers see either the old or the new contents.
 *
 * @param file a path without symbolic links, as {@link followLinks} returns it. The new file would
 *   replace a link instead of its target.
 */
export async function createReplacement(file: string): Promise<Replacement> {
  const path = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  const forget = cleanUpOnSignal(() => rmSync(path, { force: true }));
  const handle = await open(path, 'wx', 0o600);
  return {
    async write(contents) {
      await handle.writeFile(contents);
      await handle.sync();
      await rename(path, file);
    },
    async release() {
      await handle.close();
      await rm(path, { force: true });
      forget();
    },
  };
}
