import type { Owner } from '@andamio/keys/owner';
import type { KeyDependencies } from '@andamio/keys/store';
import { readDailyUsage } from '@andamio/keys/usage/read';
import type { DailyUsage, GetDailyUsageBody } from '@andamio/schema/operations';

/**
 * Creates the handler of POST /api/v1/user/usage/daily, which returns the requests per key and day.
 */
export function getDailyUsageHandler(dependencies: KeyDependencies) {
  return async (owner: Owner, body: GetDailyUsageBody): Promise<DailyUsage> => {
    const { start_date: firstDay, end_date: lastDay, api_key_names: names } = body;
    const rows = await readDailyUsage(dependencies, owner, { firstDay, lastDay, names });
    return {
      usage: rows.map(({ day, name, requests }) => ({ date: day, api_key_name: name, requests })),
    };
  };
}
