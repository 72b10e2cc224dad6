import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The first bytes of every SQLite file: https://www.sqlite.org/fileformat2.html#the_database_header
 */
const magic = Buffer.from('SQLite format 3\0');

/**
 * Returns whether a file exists and holds something other than a SQLite database. An empty file is
 * an empty database. Reads 16 bytes and loads nothing, since the service asks at every start.
 */
export function isForeignFile(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false; // What cannot be opened may be opened later: the store says so at each call.
  }
  try {
    const header = Buffer.alloc(magic.length);
    const length = readSync(file, header, 0, magic.length, 0);
    return length > 0 && !header.equals(magic);
  } catch {
    return true; // A folder.
  } finally {
    closeSync(file);
  }
}
