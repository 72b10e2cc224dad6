import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { apiKeyName, expiresInDays } from './fields.ts';
import type { BearerOperation } from './operation.ts';

const body = z
  .object(
    {
      api_key_name: apiKeyName,
      expires_in_days: expiresInDays.optional().meta({
        description:
          "Days by which the key is extended, from now on or from its expiry, whichever is later. The key's own number if left out.",
      }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'RotateApiKeyBody' });

const success = z
  .object({
    confirmation: z.string().meta({ description: 'For people: says until when the key is valid now.' }),
  })
  .meta({ id: 'RotatedApiKey' });

/** The body as understood. */
export type RotateApiKeyBody = z.output<typeof body>;
/** The answer: the one published field. */
export type RotatedApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/rotate (contract, part B). */
export const rotateApiKey = {
  id: 'rotate-api-key',
  method: 'post',
  path: `${basePath}/apikey/rotate`,
  tag: 'API Key',
  summary: 'Rotate an API Key',
  description:
    'Extends the validity of a key that has expired or is within 1 day of its expiry. The key itself stays the same. 30 days after its expiry a key is gone.',
  security: 'bearer',
  permission: 'apikey:write',
  repeatable: true,
  body: {
    description: 'Names the key, and by how many days it is extended.',
    schema: body,
    example: { api_key_name: 'MyFirstKey' },
  },
  success: {
    description: 'The key has been extended.',
    schema: success,
    example: { confirmation: 'API key expiration extended to 2026-08-31T23:59:59Z' },
  },
  errors: [400, 401, 403, 404, 409, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
