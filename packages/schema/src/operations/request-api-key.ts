import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { keyPattern } from '../key-format.ts';
import { apiKeyName, expiresInDays, keyFields } from './fields.ts';
import type { BearerOperation } from './operation.ts';

/** Validity period, in days, of a key whose request does not specify one (contract, part C). */
export const defaultExpiresInDays = 365;

const body = z
  .object(
    {
      api_key_name: apiKeyName,
      expires_in_days: expiresInDays.default(defaultExpiresInDays).meta({
        description:
          'Number of days until the key expires. The expiry must not be later than the year 9999. The operator may set a lower maximum, which the error for a greater number states.',
      }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'RequestApiKeyBody' });

const success = z
  .object({
    api_key: z.string().meta({
      pattern: keyPattern,
      description: 'The key. It is shown only in this response and not stored.',
    }),
    ...keyFields,
    name: keyFields.name.meta({ description: 'The name of the key, as sent in `api_key_name`.' }),
  })
  .meta({ id: 'IssuedApiKey' });

/** The parsed request body, with defaults applied. */
export type RequestApiKeyBody = z.output<typeof body>;
/** The body of a successful response. */
export type IssuedApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/request (contract, part A). */
export const requestApiKey = {
  id: 'request-api-key-auth',
  method: 'post',
  path: `${basePath}/apikey/request`,
  tag: 'API Key',
  summary: 'Request a New API Key',
  description:
    'This endpoint generates and returns a new API key for the authenticated user. The new key can be used for subsequent API requests.',
  security: 'bearer',
  permission: 'apikey:write',
  repeatable: true,
  body: {
    description: 'Contains details for the new API key, such as its name and expiration duration.',
    schema: body,
    example: { api_key_name: 'MyFirstKey' },
  },
  success: {
    description: 'The new key.',
    schema: success,
    example: {
      api_key: `ant-${'x'.repeat(40)}`,
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
      expires_in_days: 365,
      is_active: true,
      name: 'MyFirstKey',
    },
  },
  errors: [400, 401, 403, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
