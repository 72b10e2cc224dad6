// Written by `npx pnpm@12 generate` from the contract in packages/schema: change that instead.
import type { ErrorCode } from '@andamio/schema/errors';
import type { OperationFacts } from '../operation.ts';

/** The published operations. Each is a method of the client. */
export const operations = {
  /** Request a New API Key: POST /api/v1/apikey/request. */
  requestApiKey: {
    method: 'POST',
    path: '/api/v1/apikey/request',
    credentials: 'token',
    body: true,
    repeats: 'by-key',
    members: ['api_key', 'created_at', 'expires_at', 'expires_in_days', 'is_active', 'name'],
  },
  /** Rotate an API Key: POST /api/v1/apikey/rotate. */
  rotateApiKey: {
    method: 'POST',
    path: '/api/v1/apikey/rotate',
    credentials: 'token',
    body: true,
    repeats: 'by-key',
    members: ['confirmation'],
  },
  /** Roll an API Key: POST /api/v1/apikey/roll. */
  rollApiKey: {
    method: 'POST',
    path: '/api/v1/apikey/roll',
    credentials: 'token',
    body: true,
    repeats: 'by-key',
    members: ['api_key', 'created_at', 'expires_at', 'expires_in_days', 'is_active', 'name', 'previous_expires_at'],
  },
  /** Delete an API Key: POST /api/v1/apikey/delete. */
  deleteApiKey: {
    method: 'POST',
    path: '/api/v1/apikey/delete',
    credentials: 'token',
    body: true,
    repeats: 'never',
    members: ['confirmation'],
  },
  /** Verify an API Key: GET /api/v1/apikey/verify. */
  verifyApiKey: {
    method: 'GET',
    path: '/api/v1/apikey/verify',
    credentials: 'key',
    body: false,
    repeats: 'freely',
    members: ['user_id', 'name', 'tier', 'created_at', 'expires_at'],
  },
  /** Get the User and Its API Keys: GET /api/v1/user/me. */
  getUser: {
    method: 'GET',
    path: '/api/v1/user/me',
    credentials: 'token',
    body: false,
    repeats: 'freely',
    members: ['user_id', 'alias', 'tier', 'created_at', 'active_keys', 'expired_keys'],
  },
  /** Get the User's Usage and Quotas: GET /api/v1/user/usage. */
  getUsage: {
    method: 'GET',
    path: '/api/v1/user/usage',
    credentials: 'token',
    body: false,
    repeats: 'freely',
    members: [
      'daily_quota_consumed',
      'daily_quota_limit',
      'monthly_quota_consumed',
      'monthly_quota_limit',
      'remaining_daily',
      'remaining_monthly',
      'rate_limit_windows',
      'subscription_tier',
      'expiration',
    ],
  },
  /** Get the Daily Usage of API Keys: POST /api/v1/user/usage/daily. */
  getDailyUsage: {
    method: 'POST',
    path: '/api/v1/user/usage/daily',
    credentials: 'token',
    body: true,
    repeats: 'freely',
    members: ['usage'],
  },
  /** Read this OpenAPI document: GET /api/v1/docs/doc.json. */
  getOpenApiDocument: {
    method: 'GET',
    path: '/api/v1/docs/doc.json',
    credentials: 'none',
    body: false,
    repeats: 'freely',
    members: ['openapi'],
  },
} as const satisfies Record<string, OperationFacts>;

/** The status that each code of `X-Error-Code` comes with. */
export const errorStatuses = {
  invalid_body: 400,
  body_too_large: 400,
  missing_field: 400,
  malformed_request: 400,
  headers_too_large: 431,
  unauthenticated: 401,
  invalid_signature: 401,
  invalid_key: 401,
  unknown_tier: 403,
  insufficient_scope: 403,
  suspended: 403,
  not_found: 404,
  no_such_key: 404,
  method_not_allowed: 405,
  not_yet_rotatable: 409,
  key_expired: 409,
  invalid_field: 422,
  expiry_too_late: 422,
  name_taken: 422,
  idempotency_key_reused: 422,
  idempotency_key_outdated: 422,
  rate_limited: 429,
  quota_exceeded: 429,
  key_limit_reached: 429,
  internal: 500,
  store_unavailable: 500,
  outcome_unknown: 500,
  signing_keys_unavailable: 500,
  verification_unavailable: 503,
  not_ready: 503,
} as const satisfies Record<ErrorCode, number>;
