import { readFileSync, writeFileSync } from 'node:fs';
import { openApiText } from './openapi-document.ts';
import { withSettingsTable } from './settings-table.ts';

const openApi = new URL('../openapi.json', import.meta.url);
const readme = new URL('../../../README.md', import.meta.url);

writeFileSync(openApi, openApiText());
writeFileSync(readme, withSettingsTable(readFileSync(readme, 'utf8')));
