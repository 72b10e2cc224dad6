import type { Keys } from '@andamio/keys/set-up';
import {
  approveDeviceLogin,
  deleteApiKey,
  getDailyUsage,
  getOpenApiDocument,
  getUsage,
  getUser,
  listApiKeys,
  redeemDeviceLogin,
  reportApiKeys,
  requestApiKey,
  rollApiKey,
  rotateApiKey,
  startDeviceLogin,
  verifyApiKey,
} from '@andamio/schema/operations';
import { limitGuesses, limitStarts } from '../limits/device-logins.ts';
import type { LimitDependencies } from '../limits/limit.ts';
import { PollPace } from '../limits/poll-pace.ts';
import type { OriginOf } from '../request/origin.ts';
import { approveDeviceLoginHandler } from './approve-device-login.ts';
import { deleteApiKeyHandler } from './delete-api-key.ts';
import { getDailyUsageHandler } from './get-daily-usage.ts';
import { getOpenApiDocumentHandler } from './get-openapi-document.ts';
import { getUsageHandler } from './get-usage.ts';
import { getUserHandler } from './get-user.ts';
import { listApiKeysHandler } from './list-api-keys.ts';
import { redeemDeviceLoginHandler } from './redeem-device-login.ts';
import { type ReportDependencies, reportApiKeysHandler } from './report-api-keys.ts';
import { requestApiKeyHandler } from './request-api-key.ts';
import { rollApiKeyHandler } from './roll-api-key.ts';
import { rotateApiKeyHandler } from './rotate-api-key.ts';
import { bodyRow, keyRow, publicBodyRow, publicRow, type Row, readRow } from './row.ts';
import { startDeviceLoginHandler } from './start-device-login.ts';
import { verifyApiKeyHandler } from './verify-api-key.ts';

/** The dependencies of operations that are available only if a setting enables them. */
export interface OptionalOperations {
  /**
   * The dependencies of the handler for reports of found keys. If undefined, such reports are
   * disabled and their path does not exist.
   */
  readonly reports: ReportDependencies | undefined;
  /**
   * The dependencies of device logins. If undefined, device logins are disabled and their paths do
   * not exist.
   */
  readonly deviceLogin: LimitDependencies | undefined;
}

function deviceLoginRows(
  keys: Keys,
  originOf: OriginOf,
  dependencies: LimitDependencies,
): readonly Row[] {
  return [
    publicBodyRow(
      startDeviceLogin,
      startDeviceLoginHandler(keys, originOf, limitStarts(dependencies)),
    ),
    bodyRow(approveDeviceLogin, approveDeviceLoginHandler(keys, limitGuesses(dependencies))),
    publicBodyRow(
      redeemDeviceLogin,
      redeemDeviceLoginHandler(keys, new PollPace(dependencies.clock.monotonicNow)),
    ),
  ];
}

/** Returns the table of all operations with their handlers. */
export function operationTable(
  keys: Keys,
  originOf: OriginOf,
  { reports, deviceLogin }: OptionalOperations,
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
    ...(deviceLogin === undefined ? [] : deviceLoginRows(keys, originOf, deviceLogin)),
    ...(reports === undefined ? [] : [publicBodyRow(reportApiKeys, reportApiKeysHandler(reports))]),
    publicRow(getOpenApiDocument, getOpenApiDocumentHandler(originOf)),
  ];
}
