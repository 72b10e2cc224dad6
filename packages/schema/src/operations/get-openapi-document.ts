import * as z from 'zod';
import { basePath } from '../hosts.ts';
import type { PublicOperation } from './operation.ts';

/** GET /api/v1/docs/doc.json (contract, part B). */
export const getOpenApiDocument = {
  id: 'get-openapi-document',
  method: 'get',
  path: `${basePath}/docs/doc.json`,
  tag: 'Documentation',
  summary: 'Read this OpenAPI document',
  description:
    'Returns the description of this API in OpenAPI 3.1, for code generators and other tools.',
  security: 'none',
  success: {
    description: 'The OpenAPI document.',
    schema: z.looseObject({
      openapi: z.string().meta({ description: 'The version of the OpenAPI Specification.' }),
    }),
  },
  errors: [429, 500],
} as const satisfies PublicOperation;
