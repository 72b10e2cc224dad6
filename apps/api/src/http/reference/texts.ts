import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentedOrigin } from '../request/origin.ts';

/** Resolves to a file of the reference, with the documented origin replaced by the given origin. */
export type ReadText = (name: string, origin: string) => Promise<string>;

/**
 * Creates a function that reads files of the reference. It keeps each text in memory after its
 * first use.
 */
export function textsOf(folder: string): ReadText {
  const read = new Map<string, Promise<string>>();
  return async (name, origin) => {
    let text = read.get(name);
    if (text === undefined) {
      text = readFile(join(folder, name), 'utf8');
      read.set(name, text);
      // The next call repeats a failed read.
      text.catch(() => read.delete(name));
    }
    return (await text).replaceAll(documentedOrigin, origin);
  };
}
