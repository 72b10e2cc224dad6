export { type ClientOptions, createClient } from './client.ts';
export {
  ApiError,
  type ApiErrorCode,
  type ServiceErrorCode,
  type TransportErrorCode,
} from './error.ts';
export type { CallOptions, Client, IdempotentCallOptions } from './operation.ts';
