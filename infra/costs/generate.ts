// node costs/generate.ts: writes the cost and price tables into docs/deploy.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { withCosts } from './costs.ts';

const document = new URL('../../docs/deploy.md', import.meta.url);
writeFileSync(document, withCosts(readFileSync(document, 'utf8')));
