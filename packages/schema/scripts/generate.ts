import { readFileSync, writeFileSync } from 'node:fs';
import { generatedSections, withSection } from './generated-sections.ts';
import { openApiText } from './openapi-document.ts';

for (const { file, name, content } of generatedSections) {
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), name, content));
}
// The document contains the changelog, which has a generated section.
writeFileSync(new URL('../openapi.json', import.meta.url), openApiText());
