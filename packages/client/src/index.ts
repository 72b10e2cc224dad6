export { type ClientOptions, createClient } from './client.ts';
export type { Token } from './credential.ts';
export {
  ApiError,
  type ApiErrorCode,
  type ServiceErrorCode,
  type TransportErrorCode,
} from './error.ts';
export type * from './generated/types.ts';
export { listAllApiKeys } from './list-all-keys.ts';
export type { CallOptions, IdempotentCallOptions } from './operation.ts';
export type { Retry } from './retry.ts';
