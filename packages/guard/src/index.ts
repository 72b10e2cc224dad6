export type { ApiKey } from './api-key.ts';
export { type ApiKeyGuard, apiKeyGuard } from './guard.ts';
export type { RateLimitStore } from './limits/limit.ts';
export type { ApiKeyGuardOptions, FirestoreOptions, VerifyOptions } from './options.ts';
