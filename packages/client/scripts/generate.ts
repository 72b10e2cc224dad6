import { readFileSync, writeFileSync } from 'node:fs';
import { readContract } from './contract.ts';
import { contractModule } from './contract-module.ts';
import { withMethodsTable } from './methods-table.ts';
import { typesModule } from './types-module.ts';

const contract = readContract();
const generated = new URL('../src/generated/', import.meta.url);

writeFileSync(new URL('contract.ts', generated), contractModule(contract));
writeFileSync(new URL('types.ts', generated), typesModule(contract));

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, withMethodsTable(readFileSync(readme, 'utf8'), contract));
