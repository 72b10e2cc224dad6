import { fileURLToPath } from 'node:url';

/** Returns the path of a program from `peers/`. */
export function peerFile(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url));
}
