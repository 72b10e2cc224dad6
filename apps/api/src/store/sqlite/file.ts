import { closeSync, openSync, readSync, statSync } from 'node:fs';

/**
 * The first bytes of every SQLite file: https://www.sqlite.org/fileformat2.html#the_database_header
 */
const magic = Buffer.from('SQLite format 3\0');

/**
 * Reports whether a path exists and is not a SQLite database: another file, a folder, a pipe or a
 * device. An empty file is an empty database. Reads only 16 bytes and does not load SQLite, because
 * the service calls it at every start. Returns false if the file cannot be read, because the store
 * opens it on each call and reports the failure.
 */
export function isForeignFile(path: string): boolean {
  let file: number;
  try {
    if (!statSync(path).isFile()) return true; // Opening a pipe would wait for its writer.
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const header = Buffer.alloc(magic.length);
    const length = readSync(file, header, 0, magic.length, 0);
    return length > 0 && !header.equals(magic);
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}
