import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { tierSchema } from '../tiers.ts';
import { timestamp } from './fields.ts';
import type { KeyOperation } from './operation.ts';

const success = z
  .object({
    user_id: z.string().meta({ description: 'Whose key it is.' }),
    name: z.string().meta({ description: 'What its owner calls it.' }),
    tier: tierSchema.meta({ description: "The owner's tier." }),
    created_at: timestamp.meta({ description: 'When the key was issued (RFC 3339, UTC).' }),
    expires_at: timestamp.meta({ description: 'From when on the key is refused (RFC 3339, UTC).' }),
  })
  .meta({ id: 'VerifiedApiKey' });

/** The answer for a good key. */
export type VerifiedApiKey = z.output<typeof success>;

/** GET /api/v1/apikey/verify (service contract, "Beside the contract"). */
export const verifyApiKey = {
  id: 'verify-api-key',
  method: 'get',
  path: `${basePath}/apikey/verify`,
  tag: 'API Key',
  summary: 'Verify an API Key',
  description:
    'For services that are called with a key: says whose it is. A key that is unknown, expired, deleted or mistyped is 401, always the same. ' +
    'The header `Cache-Control` of a good answer says how many seconds it may be kept. ' +
    'A good answer counts toward the quotas of the day and of the month. ' +
    'Made for sub-requests of proxies as well: any method and any path below this one are answered alike, and a body is not looked at.',
  security: 'apiKey',
  success: {
    description: 'The key is good.',
    schema: success,
    example: {
      user_id: 'user-1',
      name: 'MyFirstKey',
      tier: 'pioneer',
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
    },
  },
  errors: [401, 429, 500, 503],
} as const satisfies KeyOperation;
