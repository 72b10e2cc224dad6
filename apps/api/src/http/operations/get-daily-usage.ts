import type { Owner } from '@andamio/keys/owner';
import type { KeyDependencies } from '@andamio/keys/store';
import { type DailyUsageRows, readDailyUsage } from '@andamio/keys/usage/read';
import type { DailyUsage, GetDailyUsageBody } from '@andamio/schema/operations';
import { JsonParts } from '../response/answer.ts';

const usageOf = (rows: DailyUsageRows['first']): DailyUsage['usage'] =>
  rows.map(({ day, name, requests }) => ({ date: day, api_key_name: name, requests }));

/** Yields the JSON text of a {@link DailyUsage}. */
async function* textOf(
  first: DailyUsageRows['first'],
  rest: NonNullable<DailyUsageRows['rest']>,
): AsyncGenerator<string> {
  const items = (rows: DailyUsageRows['first']) => JSON.stringify(usageOf(rows)).slice(1, -1);
  yield `{"usage":[${items(first)}`;
  for await (const rows of rest) yield `,${items(rows)}`;
  yield ']}';
}

/**
 * Creates the handler of POST /api/v1/user/usage/daily, which returns the requests per key and day.
 */
export function getDailyUsageHandler(dependencies: KeyDependencies) {
  return async (owner: Owner, body: GetDailyUsageBody): Promise<DailyUsage | JsonParts> => {
    const { start_date: firstDay, end_date: lastDay, api_key_names: names } = body;
    const { first, rest } = await readDailyUsage(dependencies, owner, { firstDay, lastDay, names });
    return rest === undefined ? { usage: usageOf(first) } : new JsonParts(textOf(first, rest));
  };
}
