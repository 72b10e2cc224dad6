import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { tierSchema } from '../tiers.ts';
import { timestamp } from './fields.ts';
import type { KeyOperation } from './operation.ts';

const success = z
  .object({
    user_id: z.string().meta({ description: "The id of the key's owner." }),
    name: z.string().meta({ description: 'The name of the key.' }),
    tier: tierSchema.meta({ description: "The owner's tier." }),
    created_at: timestamp.meta({
      description: 'Time at which the key was issued (RFC 3339, UTC).',
    }),
    expires_at: timestamp.meta({ description: 'Time at which the key expires (RFC 3339, UTC).' }),
  })
  .meta({ id: 'VerifiedApiKey' });

const percentEncoded = 'percent-encoded like a URI component (RFC 3986, section 2.1)';

/** The identity headers (contract, "Verification"). */
const identityHeaders = z.object({
  'X-API-Key-User': z.string().meta({
    description: `The id of the key's owner, ${percentEncoded}.`,
  }),
  'X-API-Key-Name': z.string().meta({ description: `The name of the key, ${percentEncoded}.` }),
  'X-API-Key-Tier': tierSchema.meta({ description: "The owner's tier." }),
  'X-API-Key-Expires-At': z.string().meta({
    description: `Time at which the key expires (RFC 3339, UTC), ${percentEncoded}, such as \`2026-08-31T23%3A59%3A59Z\`.`,
  }),
});

/** The body of a successful response, which describes a valid key. */
export type VerifiedApiKey = z.output<typeof success>;
/** The identity headers of a successful response, by name. */
export type IdentityHeaders = z.output<typeof identityHeaders>;

/** GET /api/v1/apikey/verify (contract, "Verification"). */
export const verifyApiKey = {
  id: 'verify-api-key',
  method: 'get',
  path: `${basePath}/apikey/verify`,
  tag: 'API Key',
  summary: 'Verify an API Key',
  description:
    'Verifies a key that a service has received, and returns its owner. Unknown, expired, deleted and mistyped keys all get the same 401. ' +
    'The `Cache-Control` header of a 200 says how long the response may be cached. ' +
    'A 200 counts toward the daily and monthly quotas. ' +
    'Proxies can send their sub-requests here: any method and any path below this one are accepted, and a body is ignored. ' +
    'The `X-API-Key-*` headers of a 200 tell the application behind such a proxy whose key it was.',
  security: 'apiKey',
  success: {
    description: 'The key is valid.',
    schema: success,
    headers: identityHeaders,
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
