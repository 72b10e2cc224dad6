import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A new file that replaces another one as a whole. */
export interface Replacement {
  /** Writes the contents, one byte for each character, and replaces the file. */
  write(contents: string): Promise<void>;
  /** Removes the new file, unless it has replaced the other one. */
  release(): Promise<void>;
}

/**
 * Creates an empty file of mode 0600 beside a file, which proves that the file can be replaced.
 * Readers see either the old or the new contents.
 */
export async function createReplacement(file: string): Promise<Replacement> {
  const path = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  const handle = await open(path, 'wx', 0o600);
  return {
    async write(contents) {
      await handle.writeFile(contents, 'latin1');
      await handle.sync();
      await rename(path, file);
    },
    async release() {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}
