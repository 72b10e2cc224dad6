import type { Keys } from '@andamio/keys/set-up';
import {
  deleteApiKey,
  getDailyUsage,
  getOpenApiDocument,
  getUsage,
  getUser,
  listApiKeys,
  reportApiKeys,
  requestApiKey,
  rollApiKey,
  rotateApiKey,
  verifyApiKey,
} from '@andamio/schema/operations';
import type { OriginOf } from '../request/origin.ts';
import { deleteApiKeyHandler } from './delete-api-key.ts';
import { getDailyUsageHandler } from './get-daily-usage.ts';
import { getOpenApiDocumentHandler } from './get-openapi-document.ts';
import { getUsageHandler } from './get-usage.ts';
import { getUserHandler } from './get-user.ts';
import { listApiKeysHandler } from './list-api-keys.ts';
import { type ReportDependencies, reportApiKeysHandler } from './report-api-keys.ts';
import { requestApiKeyHandler } from './request-api-key.ts';
import { rollApiKeyHandler } from './roll-api-key.ts';
import { rotateApiKeyHandler } from './rotate-api-key.ts';
import { bodyRow, keyRow, publicBodyRow, publicRow, type Row, readRow } from './row.ts';
import { verifyApiKeyHandler } from './verify-api-key.ts';

/**
 * Returns the table of all operations with their handlers.
 *
 * @param reports what the handler for reports of found keys needs. If undefined, such reports are
 *   disabled and their path does not exist.
 */
export function operationTable(
  keys: Keys,
  originOf: OriginOf,
  reports: ReportDependencies | undefined,
): readonly Row[] {
  return [
    bodyRow(requestApiKey, requestApiKeyHandler(keys)),
    bodyRow(rotateApiKey, rotateApiKeyHandler(keys)),
    bodyRow(rollApiKey, rollApiKeyHandler(keys)),
    bodyRow(deleteApiKey, deleteApiKeyHandler(keys)),
    readRow(listApiKeys, listApiKeysHandler(keys)),
    readRow(getUser, getUserHandler(keys)),
    readRow(getUsage, getUsageHandler(keys)),
    bodyRow(getDailyUsage, getDailyUsageHandler(keys)),
    keyRow(verifyApiKey, verifyApiKeyHandler),
    ...(reports === undefined
      ? []
      : [
          publicBodyRow(
            reportApiKeys,
            ({ api_keys: { length } }) => length,
            reportApiKeysHandler(reports),
          ),
        ]),
    publicRow(getOpenApiDocument, getOpenApiDocumentHandler(originOf)),
  ];
}
