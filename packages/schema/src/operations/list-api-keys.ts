import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { integer, timestamp } from './fields.ts';
import type { BearerReadOperation } from './operation.ts';

/** Maximum and default number of keys per page. */
const pageSize = { maximum: 100, default: 50 } as const;

const query = z.object({
  page_size: integer
    .refine((size) => size >= 1 && size <= pageSize.maximum, {
      error: `must be 1 to ${pageSize.maximum}`,
    })
    .default(pageSize.default)
    .meta({
      override: { type: 'integer' },
      minimum: 1,
      maximum: pageSize.maximum,
      description: 'Maximum number of keys in the page.',
      examples: [pageSize.default],
    }),
  page_token: z.string({ error: 'must be a string' }).optional().meta({
    description: 'The `next_page_token` of the previous page. Omit it to get the first page.',
  }),
});

const key = z
  .object({
    id: z.string().meta({
      description:
        'Identifies the secret. It stays the same when the key is rotated, and is new after a roll. It is not the key id that operators see.',
    }),
    name: z.string().meta({ description: 'The name of the key.' }),
    start: z.string().meta({ description: 'The first 8 characters of the key.' }),
    state: z.enum(['active', 'expiring', 'expired', 'previous']).meta({
      description:
        'The state of the secret. An `expiring` secret expires within a day, so its key can be rotated. The key of an `expired` secret can still be rotated. A `previous` secret was replaced by a roll, and is valid until its `expires_at`.',
    }),
    created_at: timestamp.meta({
      description: 'Time at which the secret was issued (RFC 3339, UTC).',
    }),
    expires_at: timestamp.meta({
      description: 'Time at which the secret expires (RFC 3339, UTC).',
    }),
    previous_expires_at: timestamp.nullable().meta({
      description:
        'Time at which the previous secret of the key expires; null if there is none that is valid. The previous secret is in the list as well, with the state `previous`.',
    }),
    last_used_at: timestamp.nullable().meta({
      description:
        'The minute of the last request with the secret; null if no request is known. It is at most 10 seconds behind, and is kept for 13 months.',
    }),
    requests_30d: integer.meta({
      description:
        'Number of requests with keys of this name on the last 30 UTC days, including today.',
    }),
  })
  .meta({ id: 'ApiKeyInList' });

const success = z
  .object({
    keys: z.array(key).meta({ description: 'The keys of the page, oldest first.' }),
    next_page_token: z
      .string()
      .nullable()
      .meta({ description: 'The `page_token` of the next page; null on the last page.' }),
  })
  .meta({ id: 'ApiKeyList' });

/** The parsed query, with defaults applied. */
export type ListApiKeysQuery = z.output<typeof query>;
/** The body of a successful response. */
export type ApiKeyList = z.output<typeof success>;

/** GET /api/v1/apikey/list (contract, "Listing keys"). */
export const listApiKeys = {
  id: 'list-api-keys',
  method: 'get',
  path: `${basePath}/apikey/list`,
  tag: 'API Key',
  summary: 'List API Keys',
  description:
    'Returns your keys and the previous secrets that are still valid, with their state and use. ' +
    'Pages are in a fixed order, so that each key is listed exactly once, even if keys are created or deleted meanwhile. ' +
    'Expired keys are listed until they are removed, 30 days after their expiry.',
  security: 'bearer',
  permission: 'apikey:read',
  query,
  success: {
    description: 'A page of keys.',
    schema: success,
    example: {
      keys: [
        {
          id: '0a2f6c1e-4f0b-4d63-9f51-3c8d1f7b2a90',
          name: 'MyFirstKey',
          start: 'ant-9zZ0',
          state: 'active',
          created_at: '2025-08-31T23:59:59Z',
          expires_at: '2026-08-31T23:59:59Z',
          previous_expires_at: null,
          last_used_at: '2025-10-15T08:30:00Z',
          requests_30d: 42,
        },
      ],
      next_page_token: null,
    },
  },
  errors: [401, 403, 422, 429, 500],
} as const satisfies BearerReadOperation<typeof query>;
