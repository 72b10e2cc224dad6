// node simulate/generate.ts: writes the tables of the simulation into docs/scale.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { withTables } from './tables.ts';

const document = new URL('../../../docs/scale.md', import.meta.url);
writeFileSync(document, withTables(readFileSync(document, 'utf8')));
