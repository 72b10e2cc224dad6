import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';

/** Something that a path leads to. Paths are bytes: the name of a file need not be text. */
export interface Entry {
  readonly path: Buffer;
  /** What it is called where it was found. */
  readonly name: Buffer;
  /** `other`: a symbolic link, or a pipe, socket or device, that stands in a folder. */
  readonly kind: 'file' | 'folder' | 'other';
}

/** A path that could not be looked at. */
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
 * Goes through what somebody named: the file, or the folder with all below it in the order of names. Links below a folder are
 * not followed: what they lead to has a place of its own in the folder, or was not asked for.
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
  // What is named is opened whatever it is: a link, or a pipe as shells make one of `<(command)`.
  yield { path, name: path, kind: isFolder ? 'folder' : 'file' };
  if (isFolder) yield* below(path);
}
