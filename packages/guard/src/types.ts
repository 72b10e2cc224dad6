export type { ApiKey, Tier } from './api-key.ts';
export type { RateLimitStore } from './limits/limit.ts';
export type { ApiKeyGuardOptions, FirestoreOptions, VerifyOptions } from './options.ts';
