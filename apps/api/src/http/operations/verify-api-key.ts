import type { FoundKey } from '@andamio/keys/model';
import type { IdentityHeaders, VerifiedApiKey } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { percentEncode } from '../response/percent-encode.ts';

/**
 * Handles GET /api/v1/apikey/verify: returns the owner, name and tier of the request's key, and the
 * identity headers.
 */
export function verifyApiKeyHandler({ record, tier }: FoundKey): {
  headers: IdentityHeaders;
  body: VerifiedApiKey;
} {
  const expiresAt = formatTimestamp(record.expiresAt);
  return {
    headers: {
      'X-API-Key-User': percentEncode(record.userId),
      'X-API-Key-Name': percentEncode(record.name),
      'X-API-Key-Tier': tier,
      'X-API-Key-Expires-At': percentEncode(expiresAt),
    },
    body: {
      user_id: record.userId,
      name: record.name,
      tier,
      created_at: formatTimestamp(record.createdAt),
      expires_at: expiresAt,
    },
  };
}
