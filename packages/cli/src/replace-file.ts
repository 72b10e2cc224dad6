import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
 */
export async function createReplacement(file: string): Promise<Replacement> {
  const path = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
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
    },
  };
}
