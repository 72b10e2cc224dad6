import type { InspectedKey } from '@andamio/keys/administration';
import { isRemoved } from '@andamio/keys/expiry';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { defineCommand } from '../command.ts';
import { userOf } from '../options.ts';
import { printable, table } from '../text.ts';
import { describeKey } from './key.ts';
import { noSuchUser } from './owner.ts';

function stateOf(
  { superseded, expiresAt }: InspectedKey,
  now: number,
): 'active' | 'superseded' | 'expired' {
  if (superseded) return 'superseded';
  return expiresAt > now ? 'active' : 'expired';
}

const byAgeAndName = (one: InspectedKey, other: InspectedKey) =>
  one.createdAt - other.createdAt || (one.name < other.name ? -1 : 1);

export const list = defineCommand({
  usage: '--user ID',
  summary: 'Shows a user: tier, suspension, and keys with their ids.',
  options: { user: { type: 'string' } },
  plan(values) {
    const userId = userOf(values);
    return async ({ store, now }) => {
      const nowSeconds = Math.floor(now() / 1000);
      const owner = await store.inspect(userId);
      if (owner === undefined) return noSuchUser;
      const created_at = owner.since === undefined ? null : formatTimestamp(owner.since);
      const keys = owner.keys
        .filter((key) => !isRemoved(key, nowSeconds))
        .toSorted(byAgeAndName)
        .map((key) => ({ ...describeKey(key), state: stateOf(key, nowSeconds) }));
      const { tier, suspended } = owner;
      const since = created_at === null ? 'no key yet' : `since ${created_at}`;
      const rows = keys.map((key) => [
        key.state,
        key.api_key.slice(0, 8),
        key.expires_at,
        key.id,
        printable(key.name),
      ]);
      return {
        done: true,
        json: { outcome: 'found', user_id: userId, tier, suspended, created_at, keys },
        text: [
          `${printable(userId)}: ${tier}, ${since}${suspended ? ', suspended' : ''}`,
          ...(rows.length === 0
            ? ['No keys.']
            : table([['state', 'key', 'expires', 'id', 'name'], ...rows])),
        ],
      };
    };
  },
});
