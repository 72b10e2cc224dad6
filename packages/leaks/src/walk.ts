import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';

/** A file system entry. Paths are bytes, because file names need not be valid text. */
export interface Entry {
  readonly path: Buffer;
  /** The entry's name within its folder. */
  readonly name: Buffer;
  /** `other` is a symbolic link, pipe, socket or device in a folder. */
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
 * Yields a file, or a folder and all entries below it in the order of names. Links below the folder
 * are not followed: their targets are either in the folder as well or were not requested.
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
  // A path given by the user is opened whatever it is: a link, or a pipe from a shell's
  // `<(command)`.
  yield { path, name: path, kind: isFolder ? 'folder' : 'file' };
  if (isFolder) yield* below(path);
}
