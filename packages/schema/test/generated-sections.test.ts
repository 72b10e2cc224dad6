import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { generatedSections, withSection } from '../scripts/generated-sections.ts';

test.each(
  generatedSections.map((section) => ({ ...section, page: basename(section.file.pathname) })),
)(
  'the section "$name" of $page is up to date (if not: npx -y pnpm@12 generate)',
  ({ file, name, content }) => {
    const document = readFileSync(file, 'utf8');
    expect(document).toContain(content);
    expect(withSection(document, name, content)).toBe(document);
  },
);

test('a document without markers is reported, not left as it is', () => {
  expect(() => withSection('# Settings', 'settings', '')).toThrow('no markers for "settings"');
});
