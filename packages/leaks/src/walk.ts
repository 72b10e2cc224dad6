import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';

/** A file system entry. Paths are bytes because file names are not always valid text. */
export interface Entry {
  readonly path: Buffer;
  /** Name of the entry within its folder. */
  readonly name: Buffer;
  /**
   * The kind of the entry. `other` stands for a symbolic link, pipe, socket or device inside a
   * folder.
   */
  readonly kind: 'file' | 'folder' | 'other';
}

/** A path that could not be read. */
export interface Unreadable {
  readonly path: Buffer;
  readonly cause: unknown;
}

const slash = Buffer.from('/');

function childOf(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat(folder.subarray(-1).equals(slash) ? [folder, name] : [folder, slash, name]);
}

function kindOf(entry: Dirent<Buffer>): Entry['kind'] {
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}

async function* below(folder: Buffer): AsyncGenerator<Entry | Unreadable> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    yield { path: folder, cause };
    return;
  }
  for (const entry of entries.sort((one, other) => one.name.compare(other.name))) {
    const { name } = entry;
    const path = childOf(folder, name);
    const kind = kindOf(entry);
    yield { path, name, kind };
    if (kind === 'folder') yield* below(path);
  }
}

/**
 * Yields the given file, or the given folder and all entries below it in name order.
 *
 * Symbolic links inside the folder are not followed. If the target of a link is inside the folder,
 * the target is yielded as an entry of its own. A target outside the folder is not searched.
 */
export async function* walk(named: string): AsyncGenerator<Entry | Unreadable> {
  const path = Buffer.from(named);
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (cause) {
    yield { path, cause };
    return;
  }
  // The given path itself is opened even if it is a symbolic link, or a pipe such as a shell's
  // `<(command)`.
  yield { path, name: path, kind: isFolder ? 'folder' : 'file' };
  if (isFolder) yield* below(path);
}
