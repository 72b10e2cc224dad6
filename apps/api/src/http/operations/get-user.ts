import { listKeys } from '@andamio/keys/list';
import type { KeyRecord } from '@andamio/keys/model';
import type { Owner } from '@andamio/keys/owner';
import type { KeyDependencies } from '@andamio/keys/store';
import { maskKey } from '@andamio/schema/key-format';
import type { ListedApiKey, User } from '@andamio/schema/operations';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { describeKey } from '../response/describe-key.ts';

function listed(keys: readonly KeyRecord[], isActive: boolean): ListedApiKey[] {
  return keys.map((key) => ({ api_key: maskKey(key.start), ...describeKey(key, isActive) }));
}

/**
 * Creates the handler of GET /api/v1/user/me, which returns the user of the token and the user's
 * keys.
 */
export function getUserHandler(dependencies: KeyDependencies) {
  return async (owner: Owner): Promise<User> => {
    const { since, tier, active, expired } = await listKeys(dependencies, owner);
    return {
      user_id: owner.userId,
      alias: owner.alias ?? null,
      tier,
      created_at: since === undefined ? null : formatTimestamp(since),
      active_keys: listed(active, true),
      expired_keys: listed(expired, false),
    };
  };
}
