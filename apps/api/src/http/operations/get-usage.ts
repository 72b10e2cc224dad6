import type { Owner } from '@andamio/keys/owner';
import type { KeyDependencies } from '@andamio/keys/store';
import { readUsage } from '@andamio/keys/usage/read';
import type { Usage } from '@andamio/schema/operations';

/** Creates the handler of GET /api/v1/user/usage, which returns the used and remaining quotas. */
export function getUsageHandler(dependencies: KeyDependencies) {
  return async (owner: Owner): Promise<Usage> => {
    const { used, tier, limits } = await readUsage(dependencies, owner);
    return {
      daily_quota_consumed: used.day,
      daily_quota_limit: limits.requestsPerDay,
      monthly_quota_consumed: used.month,
      monthly_quota_limit: limits.requestsPerMonth,
      remaining_daily: Math.max(0, limits.requestsPerDay - used.day),
      remaining_monthly: Math.max(0, limits.requestsPerMonth - used.month),
      rate_limit_windows: [`${limits.requestsPerMinute} req/min`],
      subscription_tier: tier,
      expiration: null,
    };
  };
}
