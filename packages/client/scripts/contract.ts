import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCodes, errorKinds } from '@andamio/schema/errors';
import * as exported from '@andamio/schema/operations';
import { type Contract, namedOperations, type OpenApiDocument } from './contract-module.ts';

/** Reads the contract from packages/schema. */
export function readContract(): Contract {
  const openApi = fileURLToPath(import.meta.resolve('@andamio/schema/openapi.json'));
  return {
    document: JSON.parse(readFileSync(openApi, 'utf8')) as OpenApiDocument,
    operations: namedOperations(exported, exported.operations),
    errorStatuses: Object.fromEntries(errorCodes.map((code) => [code, errorKinds[code].status])),
  };
}
