import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { existingKeyName, expiresInDays } from './fields.ts';
import type { BearerOperation } from './operation.ts';

const body = z
  .object(
    {
      api_key_name: existingKeyName,
      expires_in_days: expiresInDays.optional().meta({
        description:
          "Number of days by which the key is extended. They are counted from the key's expiry, or from now if the key has expired. Defaults to the key's current `expires_in_days`.",
      }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'RotateApiKeyBody' });

const success = z
  .object({
    confirmation: z
      .string()
      .meta({ description: 'A human-readable confirmation that contains the new expiry.' }),
  })
  .meta({ id: 'RotatedApiKey' });

/** The parsed request body. */
export type RotateApiKeyBody = z.output<typeof body>;
/** The body of a successful response. */
export type RotatedApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/rotate (contract, part B). */
export const rotateApiKey = {
  id: 'rotate-api-key',
  method: 'post',
  path: `${basePath}/apikey/rotate`,
  tag: 'API Key',
  summary: 'Rotate an API Key',
  description:
    'Extends a key that has expired or is within 1 day of its expiry. The key itself stays the same. A key is removed 30 days after its expiry and can then no longer be extended.',
  security: 'bearer',
  permission: 'apikey:write',
  repeatable: true,
  body: {
    description: 'The name of the key, and the number of days to extend it by.',
    schema: body,
    example: { api_key_name: 'MyFirstKey' },
  },
  success: {
    description: 'The key is extended.',
    schema: success,
    example: { confirmation: 'API key expiration extended to 2026-08-31T23:59:59Z' },
  },
  errors: [400, 401, 403, 404, 409, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
