import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentedOrigin } from '../request/origin.ts';

/** Resolves to a text of the reference in which the given origin stands for the documented one. */
export type ReadText = (name: string, origin: string) => Promise<string>;

/**
 * Creates the reader of the reference's texts. It keeps each text in memory after its first use.
 */
export function textsOf(folder: string): ReadText {
  const read = new Map<string, Promise<string>>();
  return async (name, origin) => {
    let text = read.get(name);
    if (text === undefined) {
      text = readFile(join(folder, name), 'utf8');
      read.set(name, text);
      // A failed read is tried again.
      text.catch(() => read.delete(name));
    }
    return (await text).replaceAll(documentedOrigin, origin);
  };
}
