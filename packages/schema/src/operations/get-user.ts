import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { maskedKeyPattern } from '../key-format.ts';
import { tierSchema } from '../tiers.ts';
import { describedKey, timestamp } from './fields.ts';
import type { BearerReadOperation } from './operation.ts';

const listedKey = z
  .object({
    api_key: z.string().meta({ pattern: maskedKeyPattern, description: "The key's first characters, then x." }),
    ...describedKey,
  })
  .meta({ id: 'ListedApiKey' });

const success = z
  .object({
    user_id: z.string().meta({ description: "The token's subject." }),
    alias: z.string().nullable().meta({ description: "The token's alias, null if it has none." }),
    tier: tierSchema.meta({ description: 'The tier that the newest token named.' }),
    created_at: timestamp.nullable().meta({ description: 'When the first key was issued, null before that.' }),
    active_keys: z.array(listedKey).meta({ description: 'Keys that have not expired, oldest first.' }),
    expired_keys: z
      .array(listedKey)
      .meta({ description: 'The last 100 expired keys that can still be rotated, the last expired first.' }),
  })
  .meta({ id: 'User' });

/** A key as it is listed: the fields of a new key's answer, the key masked. */
export type ListedApiKey = z.output<typeof listedKey>;
/** The answer. */
export type User = z.output<typeof success>;

/** GET /api/v1/user/me (contract, parts B and C). */
export const getUser = {
  id: 'get-user',
  method: 'get',
  path: `${basePath}/user/me`,
  tag: 'User',
  summary: 'Get the User and Its API Keys',
  description: 'Who the token names, and the keys that this user holds. A key itself is never shown again.',
  security: 'bearer',
  permission: 'apikey:read',
  success: {
    description: 'The user and its keys.',
    schema: success,
    example: {
      user_id: 'user-1',
      alias: 'Ada',
      tier: 'pioneer',
      created_at: '2025-08-31T23:59:59Z',
      active_keys: [
        {
          api_key: `ant-9zZ0${'x'.repeat(36)}`,
          created_at: '2025-08-31T23:59:59Z',
          expires_at: '2026-08-31T23:59:59Z',
          expires_in_days: 365,
          is_active: true,
          name: 'MyFirstKey',
        },
      ],
      expired_keys: [],
    },
  },
  errors: [401, 403, 429, 500],
} as const satisfies BearerReadOperation;
