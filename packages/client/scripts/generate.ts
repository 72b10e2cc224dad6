import { writeFileSync } from 'node:fs';
import { readContract } from './contract.ts';
import { contractModule } from './contract-module.ts';

writeFileSync(
  new URL('../src/generated/contract.ts', import.meta.url),
  contractModule(readContract()),
);
