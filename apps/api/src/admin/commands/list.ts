import type { InspectedKey } from '@andamio/keys/administration';
import { isRemoved } from '@andamio/keys/expiry';
import { readKeyUse } from '@andamio/keys/key-use';
import { printable } from '@andamio/schema/printable';
import { table } from '@andamio/schema/terminal-text';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { defineCommand } from '../command.ts';
import { userOf } from '../options.ts';
import { describeKey, lastUseOf } from './key.ts';
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
  summary: 'Shows a user: tier, suspension, and keys with their ids and last uses.',
  options: { user: { type: 'string' } },
  printsSecret: false,
  plan(values) {
    const userId = userOf(values);
    return async ({ store, now }) => {
      const nowSeconds = Math.floor(now() / 1000);
      const owner = await store.inspect(userId);
      if (owner === undefined) return noSuchUser;
      const created_at = owner.since === undefined ? null : formatTimestamp(owner.since);
      const held = owner.keys.filter((key) => !isRemoved(key, nowSeconds)).toSorted(byAgeAndName);
      const use = await readKeyUse(store, userId, held, { now: now(), days: 1 });
      const keys = held.map((key) => ({
        ...describeKey(key),
        state: stateOf(key, nowSeconds),
        last_used_at: lastUseOf(use.lastUsedAt(key)),
      }));
      const { tier, suspended } = owner;
      const since = created_at === null ? 'no key yet' : `since ${created_at}`;
      const rows = keys.map((key) => [
        key.state,
        key.api_key.slice(0, 8),
        key.expires_at,
        key.last_used_at ?? '-',
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
            : table([['state', 'key', 'expires', 'last used', 'id', 'name'], ...rows])),
        ],
      };
    };
  },
});
