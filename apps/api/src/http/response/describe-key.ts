import type { KeyFacts } from '@andamio/keys/issue';
import { formatTimestamp } from '@andamio/schema/timestamps';

/** Returns the published fields of a key, except for the key itself (contract, part A). */
export function describeKey(
  { createdAt, expiresAt, expiresInDays, name }: KeyFacts,
  isActive: boolean,
) {
  return {
    created_at: formatTimestamp(createdAt),
    expires_at: formatTimestamp(expiresAt),
    expires_in_days: expiresInDays,
    is_active: isActive,
    name,
  };
}
