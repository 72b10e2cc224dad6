import { approveDeviceLogin } from './approve-device-login.ts';
import { deleteApiKey } from './delete-api-key.ts';
import { getDailyUsage } from './get-daily-usage.ts';
import { getOpenApiDocument } from './get-openapi-document.ts';
import { getUsage } from './get-usage.ts';
import { getUser } from './get-user.ts';
import { listApiKeys } from './list-api-keys.ts';
import type { Operation } from './operation.ts';
import { redeemDeviceLogin } from './redeem-device-login.ts';
import { reportApiKeys } from './report-api-keys.ts';
import { requestApiKey } from './request-api-key.ts';
import { rollApiKey } from './roll-api-key.ts';
import { rotateApiKey } from './rotate-api-key.ts';
import { startDeviceLogin } from './start-device-login.ts';
import { verifyApiKey } from './verify-api-key.ts';

export {
  type ApproveDeviceLoginBody,
  approveDeviceLogin,
  type DeviceLoginAnswer,
} from './approve-device-login.ts';
export { type DeleteApiKeyBody, type DeletedApiKey, deleteApiKey } from './delete-api-key.ts';
export {
  type DailyUsage,
  type GetDailyUsageBody,
  getDailyUsage,
  maximumUsageDays,
} from './get-daily-usage.ts';
export { getOpenApiDocument } from './get-openapi-document.ts';
export { getUsage, type Usage } from './get-usage.ts';
export { getUser, type ListedApiKey, type User } from './get-user.ts';
export { type ApiKeyList, type ListApiKeysQuery, listApiKeys } from './list-api-keys.ts';
export type {
  BearerOperation,
  BearerReadOperation,
  KeyOperation,
  Operation,
  PublicBodyOperation,
  PublicOperation,
  RequestBodyOf,
  ResponseBodyOf,
  ResponseHeadersOf,
  Scope,
} from './operation.ts';
export {
  type RedeemDeviceLoginBody,
  type RedeemedDeviceLogin,
  redeemDeviceLogin,
} from './redeem-device-login.ts';
export {
  type ApiKeysReported,
  maximumReportedKeys,
  type ReportApiKeysBody,
  reportApiKeys,
} from './report-api-keys.ts';
export {
  defaultExpiresInDays,
  type IssuedApiKey,
  type RequestApiKeyBody,
  requestApiKey,
} from './request-api-key.ts';
export { type RollApiKeyBody, type RolledApiKey, rollApiKey } from './roll-api-key.ts';
export { type RotateApiKeyBody, type RotatedApiKey, rotateApiKey } from './rotate-api-key.ts';
export {
  deviceLoginSeconds,
  devicePollSeconds,
  type StartDeviceLoginBody,
  type StartedDeviceLogin,
  startDeviceLogin,
} from './start-device-login.ts';
export { type IdentityHeaders, type VerifiedApiKey, verifyApiKey } from './verify-api-key.ts';

/** All published operations, in the order of the reference. */
export const operations: readonly Operation[] = [
  requestApiKey,
  rotateApiKey,
  rollApiKey,
  deleteApiKey,
  listApiKeys,
  verifyApiKey,
  getUser,
  getUsage,
  getDailyUsage,
  startDeviceLogin,
  approveDeviceLogin,
  redeemDeviceLogin,
  reportApiKeys,
  getOpenApiDocument,
];
