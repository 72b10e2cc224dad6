import { settingsTable } from './settings-table.ts';
import { tiersTable } from './tiers-table.ts';

/** A section of a Markdown document that is generated from the contract. */
interface GeneratedSection {
  readonly file: URL;
  /** The name in the markers around the section: `NAME: generated` and `/NAME`. */
  readonly name: string;
  readonly content: string;
}

const docs = new URL('../../../docs/', import.meta.url);

/** The generated sections of the documents. */
export const generatedSections: readonly GeneratedSection[] = [
  { file: new URL('settings.md', docs), name: 'settings', content: settingsTable() },
  { file: new URL('limits.md', docs), name: 'tiers', content: tiersTable() },
];

/**
 * Returns a document with the content of a section replaced.
 *
 * @throws {Error} if the document does not have the section's markers.
 */
export function withSection(document: string, name: string, content: string): string {
  const between = new RegExp(`(?<=<!-- ${name}: generated -->)[\\s\\S]*(?=<!-- /${name} -->)`);
  if (!between.test(document)) throw new Error(`The document has no markers for "${name}".`);
  return document.replace(between, () => `\n\n${content}\n\n`);
}
