import * as z from 'zod';
import { basePath } from '../hosts.ts';
import type { PublicBodyOperation } from './operation.ts';
import { requestApiKey } from './request-api-key.ts';

/** Maximum number of keys per report. */
export const maximumReportedKeys = 100;

/** The placeholder key in the published examples. */
const foundKey = requestApiKey.success.example.api_key;

const rule = `must be a list of 1 to ${maximumReportedKeys} strings`;

const body = z
  .object(
    {
      api_keys: z
        .array(z.string({ error: 'must be a string' }), { error: rule })
        .min(1, { error: rule })
        .max(maximumReportedKeys, { error: rule })
        .meta({
          description: 'The keys that were found. Strings that are not keys are ignored.',
          examples: [[foundKey]],
        }),
    },
    { error: 'must be an object' },
  )
  .meta({ id: 'ReportApiKeysBody' });

const success = z
  .object({
    confirmation: z.string().meta({
      description: 'The same text for every report, whether or not it contained valid keys.',
    }),
  })
  .meta({ id: 'ApiKeysReported' });

/** The parsed request body. */
export type ReportApiKeysBody = z.output<typeof body>;
/** The body of a successful response. */
export type ApiKeysReported = z.output<typeof success>;

/** POST /api/v1/apikey/report (contract, "Reports"). */
export const reportApiKeys = {
  id: 'report-api-keys',
  method: 'post',
  path: `${basePath}/apikey/report`,
  tag: 'API Key',
  summary: 'Report Found API Keys',
  description:
    'Revokes keys that were found in public, without credentials: anyone who has a key may revoke it. The response does not tell whether a key was valid. An operator enables the operation with `KEY_REPORTS=on`; without it, the path does not exist.',
  security: 'none',
  body: {
    description: `1 to ${maximumReportedKeys} keys. The number of keys that a client's address may report in a minute is limited.`,
    schema: body,
    example: { api_keys: [foundKey] },
  },
  success: {
    status: 202,
    description: 'The report is accepted. Valid keys in it are revoked.',
    schema: success,
    example: { confirmation: 'Thank you. Valid keys in the report are revoked.' },
  },
  errors: [400, 404, 422, 429, 500],
} as const satisfies PublicBodyOperation<typeof body>;
