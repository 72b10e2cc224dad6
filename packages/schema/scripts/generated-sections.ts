import { addedOperations, changelogFile } from './added-operations.ts';
import { settingsTable } from './settings-table.ts';
import { tiersTable } from './tiers-table.ts';

/** A section of a Markdown document. The section's content is generated from the contract. */
interface GeneratedSection {
  readonly file: URL;
  /** The section's name, as in its markers `<!-- NAME: generated -->` and `<!-- /NAME -->`. */
  readonly name: string;
  readonly content: string;
}

const docs = new URL('../../../docs/', import.meta.url);

export const generatedSections: readonly GeneratedSection[] = [
  { file: new URL('settings.md', docs), name: 'settings', content: settingsTable() },
  { file: new URL('limits.md', docs), name: 'tiers', content: tiersTable() },
  { file: new URL('contract.md', docs), name: 'tiers', content: tiersTable() },
  { file: changelogFile, name: 'operations', content: addedOperations() },
];

/**
 * Replaces the content of the named section and returns the new document.
 *
 * @throws {Error} if the document does not have the section's markers, or has them twice.
 */
export function withSection(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = document.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined)
    throw new Error(`The document has no markers for "${name}".`);
  if (more.length > 0 || others.length > 0 || before.includes(end))
    throw new Error(`The document has several markers for "${name}".`);
  return `${before}${begin}\n\n${content}\n\n${end}${after}`;
}
