import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentedOrigin } from '../request/origin.ts';

/** A text of the reference as one host is to answer it. */
export type ReadText = (name: string, origin: string) => Promise<string>;

/** Reads the texts of the reference from a folder: each at its first use, then from memory, with the host that answers it. */
export function textsOf(folder: string): ReadText {
  const read = new Map<string, Promise<string>>();
  return async (name, origin) => {
    let text = read.get(name);
    if (text === undefined) {
      text = readFile(join(folder, name), 'utf8');
      read.set(name, text);
      // What could not be read once may be readable later.
      text.catch(() => read.delete(name));
    }
    return (await text).replaceAll(documentedOrigin, origin);
  };
}
