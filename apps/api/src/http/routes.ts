import { getOpenApiDocument, requestApiKey } from '@andamio/schema/operations';
import type { IssueKeyDependencies } from '../keys/issue.ts';
import { getOpenApiDocumentHandler } from './operations/get-openapi-document.ts';
import { requestApiKeyHandler } from './operations/request-api-key.ts';
import { bearerRoute, publicRoute, type Route } from './route.ts';

/** Every published operation beside what answers it. What a request must pass on its way follows from the operation. */
export function routes(keys: IssueKeyDependencies): readonly Route[] {
  return [
    bearerRoute(requestApiKey, requestApiKeyHandler(keys)),
    publicRoute(getOpenApiDocument, getOpenApiDocumentHandler),
  ];
}
