import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { maskedKeyPattern } from '../key-format.ts';
import { tierSchema } from '../tiers.ts';
import { keyFields, timestamp } from './fields.ts';
import type { BearerReadOperation } from './operation.ts';

const listedKey = z
  .object({
    api_key: z.string().meta({
      pattern: maskedKeyPattern,
      description: 'The masked key: its first 8 characters, then `x` for each of the others.',
    }),
    ...keyFields,
  })
  .meta({ id: 'ListedApiKey' });

const success = z
  .object({
    user_id: z.string().meta({ description: 'The id of the user, from the token.' }),
    alias: z.string().nullable().meta({
      description: "The user's display name, from the token; null if the token has none.",
    }),
    tier: tierSchema.meta({ description: 'The tier of the user, as named by the newest token.' }),
    created_at: timestamp.nullable().meta({
      description: "Time at which the user's first key was issued; null if none was issued.",
    }),
    active_keys: z
      .array(listedKey)
      .meta({ description: 'Keys that have not expired, oldest first.' }),
    expired_keys: z.array(listedKey).meta({
      description:
        'Expired keys that can still be rotated: the 100 most recently expired, latest first.',
    }),
  })
  .meta({ id: 'User' });

/**
 * A key in the response. It has the same fields as a newly issued key, but the key itself is
 * masked.
 */
export type ListedApiKey = z.output<typeof listedKey>;
/** The body of a successful response. */
export type User = z.output<typeof success>;

/** GET /api/v1/user/me (contract, parts B and C). */
export const getUser = {
  id: 'get-user',
  method: 'get',
  path: `${basePath}/user/me`,
  tag: 'User',
  summary: 'Get the User and Their API Keys',
  description: 'Returns the user that the token names, and their keys. Keys are masked.',
  security: 'bearer',
  permission: 'apikey:read',
  success: {
    description: 'The user and their keys.',
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
