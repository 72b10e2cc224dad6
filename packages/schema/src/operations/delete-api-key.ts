import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { apiKeyName } from './fields.ts';
import type { BearerOperation } from './operation.ts';

const body = z.object({ api_key_name: apiKeyName }, { error: 'must be an object' }).meta({ id: 'DeleteApiKeyBody' });

const success = z
  .object({ confirmation: z.literal('API key deleted successfully').meta({ description: 'For people.' }) })
  .meta({ id: 'DeletedApiKey' });

/** The body as understood. */
export type DeleteApiKeyBody = z.output<typeof body>;
/** The answer: the one published field. */
export type DeletedApiKey = z.output<typeof success>;

/** POST /api/v1/apikey/delete (contract, part B). */
export const deleteApiKey = {
  id: 'delete-api-key',
  method: 'post',
  path: `${basePath}/apikey/delete`,
  tag: 'API Key',
  summary: 'Delete an API Key',
  description:
    'Ends a key for good, expired or not. Its name is free again, and so is its place in the tier. Where it was deleted the key is refused at once, everywhere within 10 seconds.',
  security: 'bearer',
  permission: 'apikey:write',
  body: { description: 'Names the key.', schema: body, example: { api_key_name: 'MyFirstKey' } },
  success: {
    description: 'The key is gone.',
    schema: success,
    example: { confirmation: 'API key deleted successfully' },
  },
  errors: [400, 401, 403, 404, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
