import { getOpenApiDocument } from './get-openapi-document.ts';
import type { Operation } from './operation.ts';
import { requestApiKey } from './request-api-key.ts';

export { getOpenApiDocument } from './get-openapi-document.ts';
export type { AnswerOf, BearerOperation, BodyOf, Operation, PublicOperation, Scope } from './operation.ts';
export { defaultExpiresInDays, type IssuedApiKey, type RequestApiKeyBody, requestApiKey } from './request-api-key.ts';

/** Every published operation, in the order in which the reference lists them. */
export const operations: readonly Operation[] = [requestApiKey, getOpenApiDocument];
