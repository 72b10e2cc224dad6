import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The first bytes of every SQLite file: https://www.sqlite.org/fileformat2.html#the_database_header
 */
const magic = Buffer.from('SQLite format 3\0');

/**
 * Reports whether a file exists and is not a SQLite database. An empty file is an empty database.
 * Reads only 16 bytes and does not load SQLite, because the service calls it at every start.
 */
export function isForeignFile(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false; // The store tries to open the file on each call, and reports the failure.
  }
  try {
    const header = Buffer.alloc(magic.length);
    const length = readSync(file, header, 0, magic.length, 0);
    return length > 0 && !header.equals(magic);
  } catch {
    return true; // The path is a folder.
  } finally {
    closeSync(file);
  }
}
