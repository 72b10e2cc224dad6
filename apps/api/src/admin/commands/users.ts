import type { OwnerSummary } from '@andamio/keys/administration';
import { printable } from '@andamio/schema/printable';
import { table } from '@andamio/schema/terminal-text';
import { isTier, tiers } from '@andamio/schema/tiers';
import { formatTimestamp } from '@andamio/schema/timestamps';
import { defineCommand, UsageError } from '../command.ts';
import { limitOf } from '../options.ts';

const sinceOf = ({ since }: OwnerSummary) => (since === undefined ? null : formatTimestamp(since));

export const users = defineCommand({
  usage: '[--search TEXT] [--tier TIER] [--suspended] [--limit N]',
  summary:
    'Lists users, filtered by part of the id (case-insensitive), tier or suspension. Reads all users.',
  options: {
    search: { type: 'string' },
    tier: { type: 'string' },
    suspended: { type: 'boolean' },
    limit: { type: 'string' },
  },
  printsSecret: false,
  plan(values) {
    const { search = '', tier, suspended } = values;
    if (tier !== undefined && !isTier(tier))
      throw new UsageError(`--tier must be one of ${Object.keys(tiers).join(', ')}.`);
    const limit = limitOf(values);
    const text = search.toLowerCase();
    const matches = (owner: OwnerSummary) =>
      owner.userId.toLowerCase().includes(text) &&
      (tier === undefined || owner.tier === tier) &&
      (!suspended || owner.suspended);
    return async ({ store }) => {
      const found: OwnerSummary[] = [];
      for await (const page of store.owners()) {
        found.push(...page.filter(matches));
        if (found.length > limit) break;
      }
      const shown = found.slice(0, limit);
      const hasMore = found.length > limit;
      const rows = shown.map((owner) => [
        owner.tier,
        owner.suspended ? 'suspended' : '',
        sinceOf(owner) ?? 'no key yet',
        printable(owner.userId),
      ]);
      return {
        done: shown.length > 0,
        json: {
          outcome: shown.length > 0 ? 'found' : 'no_such_user',
          users: shown.map((owner) => ({
            user_id: owner.userId,
            tier: owner.tier,
            suspended: owner.suspended,
            created_at: sinceOf(owner),
          })),
          has_more: hasMore,
        },
        text:
          shown.length === 0
            ? ['No user matches.']
            : [
                ...table([['tier', '', 'since', 'user'], ...rows]),
                ...(hasMore ? ['More users match. Raise --limit.'] : []),
              ],
      };
    };
  },
});
