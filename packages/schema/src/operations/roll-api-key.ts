import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { secondsPerDay } from '../timestamps.ts';
import { apiKeyName, integer, timestamp } from './fields.ts';
import type { BearerOperation } from './operation.ts';
import { requestApiKey } from './request-api-key.ts';

/** How long the secret before stays valid, in seconds (service contract, "Settled beside"). */
const grace = { longest: 7 * secondsPerDay, byDefault: secondsPerDay } as const;

const body = z
  .object(
    {
      api_key_name: apiKeyName,
      grace_seconds: integer
        .refine((seconds) => seconds >= 0 && seconds <= grace.longest, { error: `must be 0 to ${grace.longest}` })
        .default(grace.byDefault)
        .meta({
          override: { type: 'integer' },
          minimum: 0,
          maximum: grace.longest,
          description:
            'Seconds for which the secret before stays valid, though never past its expiry. 0 ends it at once.',
          examples: [grace.byDefault],
        }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'RollApiKeyBody' });

const success = z
  .object({
    ...requestApiKey.success.schema.shape,
    previous_expires_at: timestamp.meta({ description: 'When the secret before ends.' }),
  })
  .meta({ id: 'RolledApiKey' });

/** The body as understood. */
export type RollApiKeyBody = z.output<typeof body>;
/** The answer: the six fields of a new key's, and when the secret before ends. */
export type RolledApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/roll (service contract, "Settled beside"). */
export const rollApiKey = {
  id: 'roll-api-key',
  method: 'post',
  path: `${basePath}/apikey/roll`,
  tag: 'API Key',
  summary: 'Roll an API Key',
  description:
    'Gives a key a new secret under the same name, without downtime: the secret before stays valid for the grace. Both count as one key. Rolling again ends the older one, and so does deleting.',
  security: 'bearer',
  permission: 'apikey:write',
  repeatable: true,
  body: {
    description: 'Names the key, and how long its secret stays valid beside the new one.',
    schema: body,
    example: { api_key_name: 'MyFirstKey', grace_seconds: grace.byDefault },
  },
  success: {
    description: 'The new secret, this once.',
    schema: success,
    example: { ...requestApiKey.success.example, previous_expires_at: '2025-09-01T23:59:59Z' },
  },
  errors: [400, 401, 403, 404, 409, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
