import { readFileSync } from 'node:fs';
import { operations } from '../src/operations/index.ts';

/** The changelog of the API. Its newest version has a generated list of operations. */
export const changelogFile = new URL('../CHANGELOG-API.md', import.meta.url);

/** Splits a changelog at the headings of its versions. The newest version comes first. */
export function versionsIn(changelog: string): readonly string[] {
  return changelog.split(/^(?=### )/m).filter((part) => part.startsWith('### '));
}

/**
 * Returns a list of the operations that the newest version of the API adds: those that no earlier
 * version in the changelog names.
 *
 * @throws {Error} if a version other than the newest has markers of the generated list. The list of
 *   a released version does not change.
 */
export function addedOperations(changelog = readFileSync(changelogFile, 'utf8')): string {
  const [, ...earlier] = versionsIn(changelog);
  const marked = earlier.find((version) => version.includes('<!-- operations: generated -->'));
  if (marked !== undefined)
    throw new Error(
      `Remove the markers of the generated list from ${marked.split('\n')[0]?.slice(4)}, and keep its operations. Only the newest version of the API changelog has them.`,
    );
  const requestOf = ({ method, path }: (typeof operations)[number]) =>
    `\`${method.toUpperCase()} ${path}\``;
  return operations
    .filter((operation) => !earlier.join('').includes(requestOf(operation)))
    .map((operation) => `- ${requestOf(operation)}: ${operation.summary}.`)
    .join('\n');
}
