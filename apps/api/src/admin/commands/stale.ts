import type { InspectedKey } from '@andamio/keys/administration';
import { readKeyUse } from '@andamio/keys/last-use';
import { secondsPerDay } from '@andamio/schema/timestamps';
import { type Context, defineCommand, UsageError } from '../command.ts';
import { limitOf } from '../options.ts';
import { counted, printable, table } from '../text.ts';
import { describeKey, lastUseOf } from './key.ts';

/** Maximum number of days, because usage is kept for 13 months. */
const maximumDays = 365;

/** Number of owners whose keys are read at the same time. */
const parallelOwners = 16;

interface StaleKey {
  readonly userId: string;
  readonly key: InspectedKey;
  /** Unix seconds. Undefined if no request is known. */
  readonly lastUsedAt: number | undefined;
}

function daysOf({ 'idle-days': days }: { readonly 'idle-days'?: string | undefined }): number {
  if (days === undefined || !/^[1-9]\d{0,2}$/.test(days) || Number(days) > maximumDays)
    throw new UsageError(`--idle-days must be an integer from 1 to ${maximumDays}.`);
  return Number(days);
}

/**
 * Returns the unexpired keys of an owner that were issued before the idle days and not used in them.
 * The previous secret of a key counts as the key.
 */
async function staleKeysOf(
  { store, now }: Context,
  userId: string,
  days: number,
): Promise<StaleKey[]> {
  const present = now();
  const since = present / 1000 - days * secondsPerDay;
  const all = (await store.inspect(userId))?.keys ?? [];
  const candidates = all.filter(
    ({ superseded, createdAt, expiresAt }) =>
      !superseded && createdAt <= since && expiresAt > present / 1000,
  );
  if (candidates.length === 0) return [];
  const use = await readKeyUse(store, userId, all, { now: present, days });
  // The usage of the days may have been reset, which keeps the last uses.
  const inUse = new Set(
    all.filter((key) => (use.lastUsedAt(key) ?? 0) >= since).map(({ name }) => name),
  );
  return candidates
    .filter(({ name }) => !use.wasUsed(name) && !inUse.has(name))
    .map((key) => ({ userId, key, lastUsedAt: use.lastUsedAt(key) }))
    .toSorted((one, other) => (one.lastUsedAt ?? 0) - (other.lastUsedAt ?? 0));
}

export const stale = defineCommand({
  usage: '--idle-days N [--limit N]',
  summary:
    'Lists unexpired keys that were issued N days ago or earlier and not used since. Reads all keys.',
  options: { 'idle-days': { type: 'string' }, limit: { type: 'string' } },
  plan(values) {
    const days = daysOf(values);
    const limit = limitOf(values);
    return async (context) => {
      const found: StaleKey[] = [];
      for await (const page of context.store.owners()) {
        for (let first = 0; first < page.length && found.length <= limit; first += parallelOwners) {
          const some = page.slice(first, first + parallelOwners);
          const keys = await Promise.all(
            some.map(({ userId }) => staleKeysOf(context, userId, days)),
          );
          found.push(...keys.flat());
        }
        if (found.length > limit) break;
      }
      const shown = found.slice(0, limit);
      const hasMore = found.length > limit;
      const rows = shown.map(({ userId, key, lastUsedAt }) => [
        lastUseOf(lastUsedAt) ?? '-',
        describeKey(key).created_at,
        key.id,
        printable(userId),
        printable(key.name),
      ]);
      return {
        done: shown.length > 0,
        json: {
          outcome: shown.length > 0 ? 'found' : 'no_such_key',
          keys: shown.map(({ userId, key, lastUsedAt }) => ({
            user_id: userId,
            ...describeKey(key),
            last_used_at: lastUseOf(lastUsedAt),
          })),
          has_more: hasMore,
        },
        text:
          shown.length === 0
            ? [`Every key was used or issued within ${counted(days, 'day')}.`]
            : [
                ...table([['last used', 'issued', 'id', 'user', 'name'], ...rows]),
                ...(hasMore ? ['More keys match. Raise --limit.'] : []),
              ],
      };
    };
  },
});
