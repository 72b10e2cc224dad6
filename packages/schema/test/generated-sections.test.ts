import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addedOperations, changelogFile } from '../scripts/added-operations.ts';
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

test('a document that has the markers of a section twice is reported, not shortened', () => {
  const section = '<!-- settings: generated -->\n\n<!-- /settings -->\n';
  const message = 'several markers for "settings"';
  expect(() => withSection(`${section}kept\n${section}`, 'settings', '')).toThrow(message);
});

describe('a new version in the API changelog', () => {
  const changelog = readFileSync(changelogFile, 'utf8');
  const markers = '<!-- operations: generated -->\n\n<!-- /operations -->\n\n';
  const released = changelog.replaceAll(/<!-- .* -->\n+/g, '');
  const withVersion = (content: string, earlier: string) =>
    earlier.replace(/^(?=### )/m, `### 9.0.0\n\n${content}`);

  test('lists no operation that an earlier version added, and changes nothing else', () => {
    const document = withVersion(markers, released);
    const content = addedOperations(document);
    expect(content).toBe('');
    const generated = withSection(document, 'operations', content);
    expect(addedOperations(generated)).toBe(content);
    expect(generated).toContain(released.slice(released.indexOf('### ')));
  });

  test('lists an operation that no earlier version names', () => {
    const earlier = released.replaceAll('POST /api/v1/apikey/roll`', '');
    expect(addedOperations(withVersion(markers, earlier))).toBe(
      '- `POST /api/v1/apikey/roll`: Roll an API Key.',
    );
  });

  test.each([
    ['without markers of its own', ''],
    ['with markers of its own', markers],
  ])('is reported while an earlier version still has the markers: %s', (_, content) => {
    expect(() => addedOperations(withVersion(content, changelog))).toThrow(
      /Remove the markers of the generated list from \d/,
    );
  });
});
