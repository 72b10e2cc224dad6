import { readFileSync, writeFileSync } from 'node:fs';
import { generatedSections, withSection } from './generated-sections.ts';
import { openApiText } from './openapi-document.ts';

writeFileSync(new URL('../openapi.json', import.meta.url), openApiText());
for (const { file, name, content } of generatedSections) {
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), name, content));
}
