import type { FoundKey } from '@andamio/keys/model';
import type { VerifiedApiKey } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';

/** Handles GET /api/v1/apikey/verify: returns the owner, name and tier of the request's key. */
export function verifyApiKeyHandler({ record, tier }: FoundKey): VerifiedApiKey {
  return {
    user_id: record.userId,
    name: record.name,
    tier,
    created_at: formatTimestamp(record.createdAt),
    expires_at: formatTimestamp(record.expiresAt),
  };
}
