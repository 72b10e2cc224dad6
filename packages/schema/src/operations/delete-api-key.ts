import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { existingKeyName } from './fields.ts';
import type { BearerOperation } from './operation.ts';

const body = z
  .object({ api_key_name: existingKeyName }, { error: 'must be an object' })
  .meta({ id: 'DeleteApiKeyBody' });

const success = z
  .object({
    confirmation: z
      .literal('API key deleted successfully')
      .meta({ description: 'A human-readable confirmation.' }),
  })
  .meta({ id: 'DeletedApiKey' });

/** The parsed request body. */
export type DeleteApiKeyBody = z.output<typeof body>;
/** The body of a successful response. */
export type DeletedApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/delete (contract, part B). */
export const deleteApiKey = {
  id: 'delete-api-key',
  method: 'post',
  path: `${basePath}/apikey/delete`,
  tag: 'API Key',
  summary: 'Delete an API Key',
  description:
    "Deletes a key permanently, expired or not. Its name and its place in the tier's key limit become available. The instance that deletes the key rejects it at once; all others reject it within 10 seconds.",
  security: 'bearer',
  permission: 'apikey:write',
  body: {
    description: 'The name of the key.',
    schema: body,
    example: { api_key_name: 'MyFirstKey' },
  },
  success: {
    description: 'The key is deleted.',
    schema: success,
    example: { confirmation: 'API key deleted successfully' },
  },
  errors: [400, 401, 403, 404, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
