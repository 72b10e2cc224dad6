import { claimTier } from '@andamio/keys/claim-tier';
import { printable } from '@andamio/schema/printable';
import { isTier, tiers } from '@andamio/schema/tiers';
import { defineCommand, UsageError } from '../command.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { findOwner } from './owner.ts';

export const setTier = defineCommand({
  usage: `--user ID --tier TIER ${changeUsage}`,
  summary:
    'Sets the tier of a user, like a token issued now. A token issued later can change it again.',
  options: { user: { type: 'string' }, tier: { type: 'string' }, ...changeOptions },
  printsSecret: false,
  plan(values, environment) {
    const userId = userOf(values);
    const { tier } = values;
    if (tier === undefined || !isTier(tier))
      throw new UsageError(`--tier must be one of ${Object.keys(tiers).join(', ')}.`);
    const author = authorOf(values, environment);
    const user = printable(userId);
    return async (context) => {
      const before = await findOwner(context, userId);
      if ('done' in before) return before;
      const now = Math.floor(context.now() / 1000);
      await claimTier(context.store, {
        userId,
        // A token whose `iat` is the current second may have been issued before this command.
        tierClaim: { tier, issuedAt: now + 1 },
        now,
        ...author,
      });
      const after = await context.store.inspect(userId);
      const json = { user_id: userId, tier: after?.tier ?? null, tier_before: before.tier };
      if (after?.tier !== tier) {
        return {
          done: false,
          json: { outcome: 'newer_claim', ...json },
          text: [`A newer token of ${user} has a different tier, which stays in force.`],
        };
      }
      return {
        done: true,
        json: { outcome: 'set', ...json },
        text: [
          before.tier === tier
            ? `${user} already has tier ${tier}.`
            : `${user}: ${before.tier} -> ${tier}.`,
        ],
      };
    };
  },
});
