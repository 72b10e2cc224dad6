import {
  deleteApiKey,
  getDailyUsage,
  getOpenApiDocument,
  getUsage,
  getUser,
  requestApiKey,
  rollApiKey,
  rotateApiKey,
  verifyApiKey,
} from '@andamio/schema/operations';
import type { Keys } from '../../keys/set-up.ts';
import { deleteApiKeyHandler } from '../operations/delete-api-key.ts';
import { getDailyUsageHandler } from '../operations/get-daily-usage.ts';
import { getOpenApiDocumentHandler } from '../operations/get-openapi-document.ts';
import { getUsageHandler } from '../operations/get-usage.ts';
import { getUserHandler } from '../operations/get-user.ts';
import { requestApiKeyHandler } from '../operations/request-api-key.ts';
import { rollApiKeyHandler } from '../operations/roll-api-key.ts';
import { rotateApiKeyHandler } from '../operations/rotate-api-key.ts';
import { verifyApiKeyHandler } from '../operations/verify-api-key.ts';
import { bearerReadRoute, bearerRoute, type KeyRoute, publicRoute, type Route } from './route.ts';

/** Every operation that a token is needed for, or nothing, beside what answers it. What a request must pass on its way follows from the operation. */
export function routes(keys: Keys): readonly Route[] {
  return [
    bearerRoute(requestApiKey, requestApiKeyHandler(keys)),
    bearerRoute(rotateApiKey, rotateApiKeyHandler(keys)),
    bearerRoute(rollApiKey, rollApiKeyHandler(keys)),
    bearerRoute(deleteApiKey, deleteApiKeyHandler(keys)),
    bearerReadRoute(getUser, getUserHandler(keys)),
    bearerReadRoute(getUsage, getUsageHandler(keys)),
    bearerRoute(getDailyUsage, getDailyUsageHandler(keys)),
    publicRoute(getOpenApiDocument, getOpenApiDocumentHandler),
  ];
}

/** The operation that takes a key. */
export const keyRoute: KeyRoute = { operation: verifyApiKey, describe: verifyApiKeyHandler };
