import { readFileSync } from 'node:fs';
import { operations } from '../src/operations/index.ts';

/** The changelog of the API. Its newest version has a generated list of operations. */
export const changelogFile = new URL('../CHANGELOG-API.md', import.meta.url);

/**
 * Returns a list of the operations that the newest version of the API adds: those that no earlier
 * version in the changelog names.
 */
export function addedOperations(): string {
  const [, , ...earlier] = readFileSync(changelogFile, 'utf8').split(/^### /m);
  const requestOf = ({ method, path }: (typeof operations)[number]) =>
    `\`${method.toUpperCase()} ${path}\``;
  return operations
    .filter((operation) => !earlier.join('').includes(requestOf(operation)))
    .map((operation) => `- ${requestOf(operation)}: ${operation.summary}.`)
    .join('\n');
}
