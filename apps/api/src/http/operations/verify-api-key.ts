import type { VerifiedApiKey } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import type { FoundKey } from '../../keys/model.ts';

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
