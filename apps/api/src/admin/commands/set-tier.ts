import { isTier, tiers } from '@andamio/schema/tiers';
import { defineCommand, UsageError } from '../command.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { printable } from '../text.ts';
import { findOwner } from './owner.ts';

export const setTier = defineCommand({
  usage: `--user ID --tier TIER ${changeUsage}`,
  summary: 'Sets the tier of a user as a token of this moment would. A token that is issued later changes it again.',
  options: { user: { type: 'string' }, tier: { type: 'string' }, ...changeOptions },
  plan(values) {
    const userId = userOf(values);
    const { tier } = values;
    if (tier === undefined || !isTier(tier))
      throw new UsageError(`--tier must be one of ${Object.keys(tiers).join(', ')}.`);
    const author = authorOf(values);
    const user = printable(userId);
    return async (context) => {
      const before = await findOwner(context, userId);
      if ('done' in before) return before;
      const now = Math.floor(context.now() / 1000);
      await context.store.claimTier({ userId, tierClaim: { tier, issuedAt: now }, now, ...author });
      const after = await context.store.inspect(userId);
      const json = { user_id: userId, tier: after?.tier ?? null, tier_before: before.tier };
      if (after?.tier !== tier) {
        return {
          done: false,
          json: { outcome: 'newer_claim', ...json },
          text: [`A newer token of ${user} names another tier. It counts until a later claim.`],
        };
      }
      return {
        done: true,
        json: { outcome: 'set', ...json },
        text: [before.tier === tier ? `${user} has the tier ${tier} already.` : `${user}: ${before.tier} -> ${tier}.`],
      };
    };
  },
});
