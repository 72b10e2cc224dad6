import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { secondsPerDay } from '../timestamps.ts';
import { existingKeyName, integer, timestamp } from './fields.ts';
import type { BearerOperation } from './operation.ts';
import { requestApiKey } from './request-api-key.ts';

/**
 * The grace period, in seconds, during which the previous secret stays valid (contract, "Rolling").
 */
const grace = { maximum: 7 * secondsPerDay, default: secondsPerDay } as const;

const body = z
  .object(
    {
      api_key_name: existingKeyName,
      grace_seconds: integer
        .refine((seconds) => seconds >= 0 && seconds <= grace.maximum, {
          error: `must be 0 to ${grace.maximum}`,
        })
        .default(grace.default)
        .meta({
          override: { type: 'integer' },
          minimum: 0,
          maximum: grace.maximum,
          description:
            'Number of seconds for which the previous secret stays valid. It never stays valid beyond its own expiry. With 0, it expires at once.',
          examples: [grace.default],
        }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'RollApiKeyBody' });

const success = z
  .object({
    ...requestApiKey.success.schema.shape,
    previous_expires_at: timestamp.meta({
      description: 'Time at which the previous secret expires (RFC 3339, UTC).',
    }),
  })
  .meta({ id: 'RolledApiKey' });

/** The parsed request body, with defaults applied. */
export type RollApiKeyBody = z.output<typeof body>;
/**
 * The response body: the fields of a new key, and the time at which the previous secret expires.
 */
export type RolledApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/roll (contract, "Rolling"). */
export const rollApiKey = {
  id: 'roll-api-key',
  method: 'post',
  path: `${basePath}/apikey/roll`,
  tag: 'API Key',
  summary: 'Roll an API Key',
  description:
    'Issues a new secret for a key under the same name. The previous secret stays valid for a grace period, so that programs can be updated without downtime; it expires at once if the key is rolled again or deleted. Both secrets count as one key.',
  security: 'bearer',
  permission: 'apikey:write',
  repeatable: true,
  body: {
    description: 'The name of the key, and the grace period of its previous secret.',
    schema: body,
    example: { api_key_name: 'MyFirstKey', grace_seconds: grace.default },
  },
  success: {
    description: 'The new secret. It is shown only in this response.',
    schema: success,
    example: { ...requestApiKey.success.example, previous_expires_at: '2025-09-01T23:59:59Z' },
  },
  errors: [400, 401, 403, 404, 409, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
