import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorKinds } from '@andamio/schema/errors';
import * as exported from '@andamio/schema/operations';
import { type Contract, namedOperations } from './contract-module.ts';
import type { OpenApiDocument } from './openapi.ts';

/** Reads the contract from packages/schema. */
export function readContract(): Contract {
  const openApi = fileURLToPath(import.meta.resolve('@andamio/schema/openapi.json'));
  return {
    document: JSON.parse(readFileSync(openApi, 'utf8')) as OpenApiDocument,
    operations: namedOperations(exported, exported.operations),
    errors: errorKinds,
  };
}
